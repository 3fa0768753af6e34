// Saves the Plotly figure beside it as PNG or SVG, by the camera of its own toolbar, which knows one format only.
//
// A picture is drawn without the page's web font, and what is measured with one font and drawn with another overlaps.
// So the camera gets a copy of the figure in a font that is there for both.
export default function ({ data, parentElement }) {
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = () => {
      const chart = document.querySelector(`.${CSS.escape(data.chart)} .js-plotly-plot`);
      const camera = chart._fullLayout._modeBar.buttons.flat().find(({ name }) => name === "toImage");
      const format = button.dataset.format;
      const options = { format, filename: data.name, scale: format === "png" ? 2 : 1 };
      camera.click({
        data: chart.data,
        layout: JSON.parse(JSON.stringify(chart.layout), (key, value) => (key === "family" ? "sans-serif" : value)),
        _context: { ...chart._context, toImageButtonOptions: options, displayNotifier: false },
      });
    };
  }
}
