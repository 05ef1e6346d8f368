// Records what the real dotenv and dotenv-expand make of generated files, one JSON line each. Run it in a folder where
// dotenv@16 and dotenv-expand@12 are installed:
//
//	node record.cjs > cases.jsonl
const vm = require('vm')
const dotenv = require('dotenv')
const { expand } = require('dotenv-expand')

let seed = 7
function random (n) { // mulberry32
  seed = (seed + 0x6D2B79F5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), seed | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) % n
}
const pick = list => list[random(list.length)]
const keys = ['A', 'B', 'C', 'CORS_ORIGIN', 'x.y', 'k-1', 'export']
const values = ['', 'plain', 'two words', ' padded ', 'a#b', 'a #b', "'single'", '"double"', '`back`', '"esc \\" aped"', "'it\\'s'",
  '"a\\nb\\rc"', "'a\\nb'", '"line\nbreak"', "'more\nlines # here\n'", '"open', "'open", '`', "'a' 'b'", '"a" # c', "'a' x", '"a\\"', '\n"next"',
  'https://app.example,https://b.example', '${A}', '$B', '${C:-https://d.example}', '${NONE-x}', '${A:+set}', '\\$A', '"${A}/${B}"', "'${A}'",
  '${A}${A}', '$$A', 'p$&w', '${', '${}', '$', '\u2028', 'é 😀', '{"a": "b"}', '=x', 'a=b', ' : x', 'x\\', '${B:-${A}}', '$CORS_ORIGIN!', '\uFEFFx']
const before = ['', '', '', '', ' ', '\t', 'export ', '  export\t', '\n\n', '# note\n', 'garbage\n', 'not a line\n', '\u00A0']
const separators = ['=', '=', '=', '=', ' = ', '= ', ': ', ':', ' : ', '\n=', ':\n', ' ']
const after = ['', '', '', ' ', ' # comment', '#comment', '\t']
const ends = ['\n', '\n', '\n', '\r\n', '\r', '\n\n']

const seen = new Set()
while (seen.size < 2000) {
  let text = random(20) ? '' : '\uFEFF'
  for (let n = 1 + random(5); n > 0; n--) text += pick(before) + pick(keys) + pick(separators) + pick(values) + pick(after) + (n > 1 || random(3) ? pick(ends) : '')
  if (seen.has(text)) continue
  seen.add(text)
  const parsed = dotenv.parse(Buffer.from(text))
  let expanded = null // without end
  try {
    expanded = vm.runInNewContext('expand(o).parsed', { expand, o: { parsed: { ...parsed }, processEnv: { ...parsed } } }, { timeout: 50 })
  } catch (e) {
    if (e.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw e
  }
  console.log(JSON.stringify({ text, parsed, expanded }))
}
