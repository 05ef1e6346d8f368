// The files: a list, a name, and a text with its lines numbered and the places of findings underlined. The editor is a plain text
// area, which keyboards and screen readers know; behind it lies a copy of its text that is invisible but for the lines under it.

import { $, element, show } from './element.js';

const decorated = 300_000; // characters; of longer texts nothing is underlined and no line numbered

export const files = {
  all: [{ name: 'nginx.conf', text: '' }],
  at: 0,
  places: [], // of findings: a range and its severity
};

export function current() { return files.all[files.at]; }

// open shows other files.
export function open(all) {
  files.all = all.map((f) => ({ ...f }));
  files.at = 0;
  files.places = [];
  refresh();
}

// refresh shows the files as they are.
export function refresh() {
  show('file', ...files.all.map((f, i) => element('option', { value: i, selected: i === files.at }, f.name)));
  $('file').hidden = files.all.length === 1;
  $('name').value = current().name;
  if ($('text').value !== current().text) $('text').value = current().text;
  $('remove').disabled = files.all.length === 1;
  decorate();
}

// underline shows the places of findings.
export function underline(places) {
  files.places = [...places].sort((a, b) => a.start - b.start);
  decorate();
}

function decorate() {
  const { text, name } = current();
  if (text.length > decorated) {
    show('marks');
    show('gutter');
    return;
  }
  const parts = [];
  let at = 0;
  for (const p of files.places) {
    if (p.file !== name || p.start < at || p.end > text.length) continue; // of another file, or of a text that has changed since
    parts.push(text.slice(at, p.start), element('mark', { className: p.severity }, text.slice(p.start, p.end)));
    at = p.end;
  }
  show('marks', ...parts, text.slice(at) + '\n');
  const lines = text.split('\n').length;
  if (Number($('gutter').dataset.lines) !== lines) {
    $('gutter').textContent = Array.from({ length: lines }, (_, i) => i + 1).join('\n') + '\n';
    $('gutter').dataset.lines = lines;
  }
  follow();
}

// follow scrolls what lies behind the text with it.
function follow() {
  $('marks').scrollTop = $('gutter').scrollTop = $('text').scrollTop;
  $('marks').scrollLeft = $('text').scrollLeft;
}

// goTo shows a place, and takes the keyboard there.
export function goTo(place) {
  const i = files.all.findIndex((f) => f.name === place.file);
  if (i < 0) return;
  files.at = i;
  refresh();
  const text = $('text');
  text.focus();
  text.setSelectionRange(place.start, place.end);
  text.scrollTop = Math.max(0, (place.line - 6) * parseFloat(getComputedStyle(text).lineHeight));
  text.scrollLeft = 0;
  follow();
}

// step goes to the next place of a finding, or with -1 to the one before.
export function step(by) {
  const here = files.places.filter((p) => p.file === current().name);
  const at = $('text').selectionStart;
  const next = by > 0 ? here.find((p) => p.start > at) ?? here[0] : here.findLast((p) => p.start < at) ?? here.at(-1);
  if (next) goTo(next);
}

// edit changes files, the last place first so that the others stay where they are.
export function edit(edits) {
  for (const f of files.all) f.text = edited(f, edits);
  refresh();
}

// edited returns the text of a file as it is after edits.
export function edited({ name, text }, edits) {
  for (const e of edits.filter((x) => x.file === name).sort((a, b) => b.start - a.start)) {
    text = text.slice(0, e.start) + e.text + text.slice(e.end);
  }
  return text;
}

// listen calls changed after every change of a file, and refused with what is pasted or dropped and longer than a text can be:
// a browser takes minutes to insert that.
export function listen(changed, refused, most) {
  const refuse = (e, data) => {
    if (data && data.getData('text').length > most) {
      e.preventDefault();
      refused();
    }
  };
  $('text').onpaste = (e) => refuse(e, e.clipboardData);
  $('text').ondrop = (e) => refuse(e, e.dataTransfer);
  $('file').onchange = () => { files.at = Number($('file').value); refresh(); };
  $('name').onchange = () => {
    const name = $('name').value.trim();
    const taken = files.all.some((f, i) => i !== files.at && f.name === name);
    if (name && !taken) current().name = name;
    refresh();
    changed();
  };
  $('add').onclick = () => {
    let n = files.all.length + 1;
    while (files.all.some((f) => f.name === `file${n}.conf`)) n++;
    files.at = files.all.push({ name: `file${n}.conf`, text: '' }) - 1;
    refresh();
    $('name').focus();
    $('name').select();
  };
  $('remove').onclick = () => {
    files.all.splice(files.at, 1);
    files.at = 0;
    refresh();
    $('text').focus(); // the button may be disabled now
    changed();
  };
  $('text').oninput = () => { current().text = $('text').value; decorate(); changed(); };
  $('text').onscroll = follow;
}
