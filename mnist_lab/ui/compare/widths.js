// Tells how wide the place of this component is, in whole steps, where that is not what Python knows.
export default function ({ data, parentElement, setStateValue }) {
  const place = parentElement.firstElementChild ?? parentElement;
  const tell = () => {
    const width = Math.floor(place.getBoundingClientRect().width / data.step) * data.step;
    if (width && width !== data.width) setStateValue("width", width);
  };
  const observer = new ResizeObserver(tell);
  observer.observe(place);
  return () => observer.disconnect();
}
