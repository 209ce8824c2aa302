/** Draws the timeline in the browser. It reads its data as JSON and writes text nodes and pixels only, never markup. */
export const timelineScript: string = `
'use strict'
const figure = document.querySelector('.timeline')
const canvas = figure.querySelector('canvas')
const picked = figure.querySelector('.picked')
const data = JSON.parse(document.getElementById('timeline-data').textContent)
const tops = []
let lanes = 0
for (const band of data.bands) {
  tops.push(lanes)
  lanes += band.lanes
}
const axis = 22
const gap = 20
const whole = { from: 0, to: Math.max(data.length, 0.001) }
const shortest = 0.01
let view = { ...whole }
let drag = null
let size = { width: 0, laneHeight: 0 }
let frame = 0

const format = (ms) => {
  const digits = (value) => String(Number(value.toPrecision(3)))
  if (ms < 999.5) return digits(ms) + ' ms'
  if (ms < 59950) return digits(ms / 1000) + ' s'
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return Math.floor(seconds / 60) + ' min ' + (seconds % 60) + ' s'
  return Math.floor(seconds / 3600) + ' h ' + Math.floor((seconds % 3600) / 60) + ' min'
}

const xOf = (time) => ((time - view.from) / (view.to - view.from)) * size.width
const timeAt = (x) => view.from + (x / size.width) * (view.to - view.from)
const yOf = (band, lane) => (tops[band] + lane) * size.laneHeight + (band + 1) * gap

function show(from, to) {
  const length = Math.min(whole.to, Math.max(shortest, to - from))
  const start = Math.min(whole.to - length, Math.max(0, from))
  view = { from: start, to: start + length }
  plan()
}

function zoom(factor, around) {
  const length = (view.to - view.from) * factor
  const share = (around - view.from) / (view.to - view.from)
  show(around - share * length, around + (1 - share) * length)
}

function pan(share) {
  const by = (view.to - view.from) * share
  show(view.from + by, view.to + by)
}

function plan() {
  cancelAnimationFrame(frame)
  frame = requestAnimationFrame(draw)
}

function measure() {
  const ratio = window.devicePixelRatio || 1
  const width = canvas.clientWidth
  const laneHeight = Math.max(1, Math.min(14, 420 / Math.max(1, lanes)))
  const height = Math.ceil(lanes * laneHeight + data.bands.length * gap + axis)
  canvas.style.height = height + 'px'
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  size = { width, height, laneHeight, ratio }
}

function step(length) {
  const wanted = length / Math.max(2, Math.floor(size.width / 110))
  const power = 10 ** Math.floor(Math.log10(wanted))
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= wanted)
}

function draw() {
  measure()
  const pen = canvas.getContext('2d')
  const style = getComputedStyle(figure)
  const colour = (name) => style.getPropertyValue(name).trim()
  pen.scale(size.ratio, size.ratio)
  pen.clearRect(0, 0, size.width, size.height)
  pen.font = '11px system-ui, sans-serif'
  pen.textBaseline = 'middle'
  drawAxis(pen, colour('--muted'), colour('--line'))
  const colours = data.bands.map((_, index) => colour('--series-' + (index % 8)))
  const failed = colour('--failed')
  const inset = size.laneHeight > 4 ? 1 : 0
  for (let index = 0; index < data.start.length; index++) {
    const left = xOf(data.start[index])
    const right = xOf(data.start[index] + data.took[index])
    if (right < 0 || left > size.width) continue
    pen.fillStyle = data.error[index] === null ? colours[data.function[index]] : failed
    const y = yOf(data.function[index], data.lane[index])
    pen.fillRect(left, y, Math.max(1, right - left - inset), size.laneHeight - inset)
  }
  pen.fillStyle = colour('--text')
  data.bands.forEach((band, index) => {
    pen.fillText(band.name + ', version ' + band.version, 2, yOf(index, 0) - 8)
  })
  if (drag !== null) {
    pen.fillStyle = colour('--select')
    pen.fillRect(Math.min(drag.from, drag.to), 0, Math.abs(drag.to - drag.from), size.height - axis)
  }
}

function drawAxis(pen, text, line) {
  const distance = step(view.to - view.from)
  const bottom = size.height - axis
  for (let time = Math.ceil(view.from / distance) * distance; time <= view.to; time += distance) {
    const x = Math.round(xOf(time)) + 0.5
    pen.strokeStyle = line
    pen.beginPath()
    pen.moveTo(x, 0)
    pen.lineTo(x, bottom + 4)
    pen.stroke()
    pen.fillStyle = text
    const label = format(time)
    const width = pen.measureText(label).width
    pen.fillText(label, Math.min(Math.max(0, x - width / 2), size.width - width), bottom + 13)
  }
}

function batchAt(x, y) {
  for (let index = data.start.length - 1; index >= 0; index--) {
    const top = yOf(data.function[index], data.lane[index])
    if (y < top || y >= top + size.laneHeight) continue
    if (x < xOf(data.start[index]) - 1) continue
    if (x <= Math.max(xOf(data.start[index]) + 2, xOf(data.start[index] + data.took[index]))) return index
  }
  return null
}

function pick(event) {
  const index = batchAt(event.offsetX, event.offsetY)
  if (index === null) return
  const band = data.bands[data.function[index]]
  const attempt = data.attempt[index] === 1 ? '' : ', attempt ' + data.attempt[index]
  const error = data.error[index] === null ? '' : ', failed with ' + data.error[index]
  picked.textContent =
    band.name + ', batch ' + data.batch[index] + attempt + ': ' + data.rows[index] + ' rows, ' +
    format(data.took[index]) + ' from ' + format(data.start[index]) + error
}

canvas.addEventListener('pointerdown', (event) => {
  canvas.setPointerCapture(event.pointerId)
  drag = { from: event.offsetX, to: event.offsetX }
})
canvas.addEventListener('pointermove', (event) => {
  if (drag === null) return pick(event)
  drag.to = event.offsetX
  plan()
})
canvas.addEventListener('pointerup', () => {
  if (drag === null) return
  const { from, to } = drag
  drag = null
  if (Math.abs(to - from) > 4) show(timeAt(Math.min(from, to)), timeAt(Math.max(from, to)))
  else plan()
})
canvas.addEventListener('pointercancel', () => {
  drag = null
  plan()
})
canvas.addEventListener('dblclick', () => show(whole.from, whole.to))
canvas.addEventListener('wheel', (event) => {
  if (!event.ctrlKey && !event.metaKey) return
  event.preventDefault()
  zoom(event.deltaY > 0 ? 1.25 : 0.8, timeAt(event.offsetX))
}, { passive: false })

const middle = () => (view.from + view.to) / 2
const actions = {
  in: () => zoom(0.5, middle()),
  out: () => zoom(2, middle()),
  left: () => pan(-0.5),
  right: () => pan(0.5),
  all: () => show(whole.from, whole.to),
}
const keys = { '+': 'in', '-': 'out', ArrowLeft: 'left', ArrowRight: 'right', Home: 'all', 0: 'all' }
figure.querySelector('.controls').addEventListener('click', (event) => actions[event.target.dataset.do]?.())
canvas.addEventListener('keydown', (event) => {
  if (!Object.hasOwn(keys, event.key)) return
  event.preventDefault()
  actions[keys[event.key]]()
})
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', plan)
addEventListener('resize', plan)
figure.hidden = false
draw()
`
