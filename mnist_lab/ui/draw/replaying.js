// Plays the moments of a drawing, one after the other, whenever there are new ones and on a click.
const PACE = 160 // milliseconds for a moment

const players = new WeakMap() // by the element that each plays in

export default function ({ data, parentElement }) {
  const before = players.get(parentElement)
  if (before?.moments.join() === data.moments.join()) return
  clearInterval(before?.clock)
  const player = { moments: data.moments, clock: 0 }
  players.set(parentElement, player)
  const place = parentElement.querySelector(".moment")
  const [button, slider] = parentElement.querySelectorAll("button, input")
  const last = data.moments.length - 1

  const show = (moment) => {
    slider.value = moment
    place.innerHTML = data.moments[moment]
  }
  const stop = () => {
    clearInterval(player.clock)
    player.clock = 0
    button.textContent = "Play"
  }
  const step = () => (Number(slider.value) < last && parentElement.isConnected ? show(Number(slider.value) + 1) : stop())
  const play = () => {
    if (Number(slider.value) === last) show(0)
    button.textContent = "Pause"
    player.clock = setInterval(step, PACE)
  }

  slider.max = last
  slider.oninput = () => {
    stop()
    show(Number(slider.value))
  }
  button.onclick = () => (player.clock ? stop() : play())
  show(0)
  play()
}
