// What the server tells of a training goes to the drawing of the network, which is another component of the page.

export default function ({ data }) {
  document.dispatchEvent(new CustomEvent("mnist-lab-weights", { detail: data }));
}
