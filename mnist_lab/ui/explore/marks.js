// What changes on the map while its points stay: told to points.js, which draws it.

export default function ({ data }) {
  globalThis.mnistLabMarks = data;
  document.dispatchEvent(new Event("mnist-lab-marks"));
}
