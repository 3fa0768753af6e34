// Saves the Plotly figure beside it as PNG or SVG, by the camera of its own toolbar, which knows one format only.
export default function ({ data, parentElement }) {
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = () => {
      const chart = document.querySelector(`.${CSS.escape(data.chart)} .js-plotly-plot`);
      const camera = chart._fullLayout._modeBar.buttons.flat().find(({ name }) => name === "toImage");
      const format = button.dataset.format;
      chart._context.toImageButtonOptions = { format, filename: data.name, scale: format === "png" ? 2 : 1 };
      camera.click(chart);
    };
  }
}
