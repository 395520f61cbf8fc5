#include "page_frame.hpp"

namespace xtape::optim {

// Colours are pairs of one for light and one for dark pages. Those of lines, --c0 to --c7, stay at least 0.07 apart in
// OKLab, the first four 0.13, for readers who lack a kind of cones too (Machado, Oliveira and Fernandes, 2009).
const char page_style[] = R"css(
:root {
  color-scheme: light dark;
  --paper: light-dark(#f6f6f4, #121316); --card: light-dark(#ffffff, #1a1c20);
  --ink: light-dark(#1b1c1f, #ececee); --soft: light-dark(#55585f, #b0b4bd); --faint: light-dark(#6c7078, #8d939e);
  --rule: light-dark(#e5e5e1, #2b2e34); --hover: light-dark(#f0f0ed, #24272c);
  --c0: light-dark(#3f60c6, #4b72f4); --c1: light-dark(#bf3a10, #db481b); --c2: light-dark(#4aa480, #86f6c7);
  --c3: light-dark(#72105c, #ef7ccd); --c4: light-dark(#ae872e, #fccc63); --c5: light-dark(#1a36a0, #88aafb);
  --c6: light-dark(#707989, #737c8d); --c7: light-dark(#950119, #d3aca8);
}
[data-theme=light] { color-scheme: light }
[data-theme=dark] { color-scheme: dark }
* { box-sizing: border-box }
body {
  margin: 0; padding: clamp(16px, 4vw, 48px) clamp(12px, 3vw, 40px); background: var(--paper); color: var(--ink);
  font: 15px/1.5 Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums;
  -webkit-text-size-adjust: 100%;
}
main { max-width: 76rem; margin: 0 auto }
.group { display: grid; gap: 16px; grid-auto-flow: dense; align-items: stretch;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)) }
.top { display: flex; align-items: flex-start; gap: 16px; margin-bottom: 24px }
.top div { flex: 1; min-width: 0; overflow-wrap: anywhere }
h1 { margin: 0; font-size: clamp(1.5rem, 4vw, 2rem); line-height: 1.2; font-weight: 650; letter-spacing: -.02em }
h2 { margin: 40px 0 16px; font-size: 1.15rem; font-weight: 650; letter-spacing: -.01em }
h3 { flex: 1; margin: 0; font-size: .95rem; font-weight: 600 }
h4 { margin: 0; font-size: .85rem; font-weight: 500; overflow-wrap: anywhere }
.top p { margin: 6px 0 0; color: var(--soft) }
section { min-width: 0; padding: clamp(14px, 2.5vw, 20px); background: var(--card); border: 1px solid var(--rule);
  border-radius: 12px }
section > header { display: flex; align-items: baseline; gap: 12px; margin-bottom: 10px }
.text, .pictures, .histograms, .highlights, .raw { grid-column: 1 / -1 }
.text p { max-width: 44rem; margin: 0 0 .75em; white-space: pre-line; overflow-wrap: anywhere }
.text p:last-child { margin: 0 }
button { font: inherit; color: var(--soft); background: none; border: 1px solid var(--rule); border-radius: 7px;
  padding: 1px 9px; cursor: pointer }
button:hover { background: var(--hover); color: var(--ink) }
:focus-visible { outline: 2px solid var(--c0); outline-offset: 2px }
.theme { padding: 7px; line-height: 0; border-radius: 9px }

.highlights dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 16px; margin: 0 }
.highlights dt, .highlights .note { font-size: .85rem; color: var(--soft) }
.highlights dd { margin: 0; overflow-wrap: anywhere }
.highlights b { display: block; font-size: 1.75rem; line-height: 1.25; font-weight: 600; letter-spacing: -.02em }

.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
.table th, .table td { padding: 6px 12px 6px 0; border-top: 1px solid var(--rule); text-align: left; font-weight: 400;
  vertical-align: top; overflow-wrap: anywhere }
.table th { color: var(--soft); overflow-wrap: break-word }
.table thead th { border-top: 0; font-size: .8rem }
.table tbody:first-child tr:first-child > * { border-top: 0 }
.table .number { text-align: right; white-space: nowrap }
.table .pair td { text-align: right; white-space: normal }
.table tr > :last-child { padding-right: 0 }

.legend { display: flex; flex-wrap: wrap; gap: 2px 12px; align-items: center; min-height: 1.9rem; margin-bottom: 6px;
  font-size: .85rem; color: var(--soft) }
.legend .line { display: flex; align-items: center; gap: 7px; border-color: transparent; padding: 1px 6px;
  margin: 0 -6px; text-align: left }
.legend i { flex: none; width: 14px; height: 3px; border-radius: 2px }
.legend b { color: var(--ink); font-weight: 600 }
.legend .line[aria-pressed=false] { opacity: .45; text-decoration: line-through }
.legend .at { margin-left: auto }
.legend > * { min-width: 0; overflow-wrap: anywhere }
.legend .scale { font-size: .75rem; border-radius: 6px; padding: 0 7px }
.legend .scale[aria-pressed=true] { color: var(--card); background: var(--soft); border-color: var(--soft) }
svg { display: block; font-size: 11px; fill: none }
.chart { touch-action: pan-y; height: 250px }
.ridges .chart { height: 190px }
svg text { fill: var(--faint) }
svg .grid { stroke: var(--rule) }
svg .cursor { stroke: var(--faint) }
svg .mark { stroke: var(--soft); stroke-dasharray: 3 3 }
svg text.mark { fill: var(--soft); stroke: none }
svg .line { stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
svg .raw { stroke-width: 1; opacity: .35 }
svg .band { opacity: .14 }
svg .dot { stroke: var(--card); stroke-width: 1.5 }

.heat { width: auto; margin: 0 auto; border-spacing: 2px; border-collapse: separate;
  font-size: clamp(9px, 2.3vw, 13px) }
.heat th { font-weight: 500; color: var(--soft); padding: 0 4px; text-align: right; white-space: nowrap }
.heat thead th { text-align: center; padding: 0 }
.heat .axis { color: var(--faint); font-weight: 400; font-size: .95em }
.heat .side span { writing-mode: vertical-rl; transform: rotate(180deg) }
.heat tbody td { min-width: clamp(22px, 6.5vw, 42px); height: clamp(22px, 6.5vw, 38px); padding: 0 2px;
  text-align: center; border-radius: 4px;
  background: color-mix(in oklab, var(--hue) calc(var(--v) * 80%), var(--hover)) }
.heat td.none { color: var(--faint) }
.heat td.strong { color: light-dark(#fff, #0e0f11); font-weight: 600 }
.heat tbody td:hover { outline: 2px solid var(--ink); outline-offset: -1px }
.heat th.here { color: var(--ink); font-weight: 700 }
.readout { margin: 10px 0 0; min-height: 1.5em; font-size: .85rem; color: var(--soft) }

.sheet { display: flex; flex-wrap: wrap; gap: 12px 10px; margin: 0; padding: 0; list-style: none }
.sheet li { width: min(var(--side), 100%) }
.sheet.small li { width: min(var(--side), calc((100% - 30px) / 4)) }
.sheet figure { margin: 0 }
.sheet img { display: block; width: 100%; border-radius: 4px; image-rendering: pixelated }
.sheet.framed img { box-shadow: 0 0 0 1px var(--rule) }
[data-theme=light] .sheet.ink img { filter: invert(1); mix-blend-mode: multiply }
[data-theme=dark] .sheet.ink img { mix-blend-mode: screen }
.sheet figcaption { margin-top: 4px; font-size: .75rem; line-height: 1.3; color: var(--soft); text-align: center;
  overflow-wrap: anywhere; text-wrap: balance }

.time { display: flex; align-items: center; gap: 12px; margin-bottom: 14px; font-size: .85rem; color: var(--soft) }
.time input { flex: 1; min-width: 0; max-width: 24rem; accent-color: var(--c0) }
.time output { min-width: 7em; overflow-wrap: anywhere; color: var(--ink); font-weight: 600 }
.ridges { display: grid; gap: 20px 24px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)) }
.ridges > div { min-width: 0 }
.ridges .readout { margin-top: 4px; font-size: .78rem; min-height: 3em }
svg .ridge { fill: color-mix(in oklab, var(--c0) calc(8% + var(--age) * 30%), var(--card));
  stroke: color-mix(in oklab, var(--c0) calc(30% + var(--age) * 70%), var(--card)); stroke-width: 1 }
svg .ridge.here { fill: color-mix(in oklab, var(--c1) 45%, var(--card)); stroke: var(--c1); stroke-width: 1.5 }
)css";

}  // namespace xtape::optim
