package environment

import (
	"path"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

func isDockerfile(base string) bool {
	return hasWord(base, "dockerfile") || hasWord(base, "containerfile") || strings.HasSuffix(base, ".dockerfile")
}

// dockerfile returns what the last stage of a Dockerfile sets: that is the one that is built when none is named.
func (r *Reader) dockerfile(name string) []Set {
	f := r.open(name)
	if f == nil {
		return nil
	}
	s := Set{Name: path.Base(name), Kind: Dockerfile, Path: name, Span: source.Span{File: f}}
	s.Values = dockerValues(f, "")
	return []Set{s}
}

// stage is a stage of a Dockerfile.
type stage struct {
	name   string
	values []Value          // of ENV, in order
	given  map[string]Value // ENV and ARG: what a reference reads
	isEnv  map[string]bool  // which of them are of ENV, which wins
}

// dockerValues returns the ENV of a stage, "" for the last one, with that of the stages it is built on. What ARG gives
// is known while the image is built, and reaches the program only through ENV.
// https://docs.docker.com/reference/dockerfile/#environment-replacement
func dockerValues(f *source.File, target string) []Value {
	d := dockerReader{file: f, data: string(f.Data), escape: '\\', left: maxExpanded}
	d.directives()
	global := map[string]Value{} // ARG before the first FROM
	var stages []stage
	for {
		word, arguments, ok := d.instruction()
		if !ok || len(stages) == maxSets {
			break
		}
		current := &stage{given: global, isEnv: map[string]bool{}}
		if len(stages) > 0 {
			current = &stages[len(stages)-1]
		}
		switch strings.ToUpper(word) {
		case "FROM":
			if len(stages) > 0 && target != "" && strings.EqualFold(stages[len(stages)-1].name, target) {
				return stages[len(stages)-1].values
			}
			stages = append(stages, d.from(arguments, stages))
		case "ARG":
			d.arg(arguments, current, global)
		case "ENV":
			d.env(arguments, current)
		case "RUN", "COPY", "ADD":
			d.hereDocuments(arguments)
		}
	}
	if len(stages) == 0 {
		return nil
	}
	return stages[len(stages)-1].values
}

type dockerReader struct {
	file   *source.File
	data   string
	at     int
	escape byte
	left   int // bytes that values may still be expanded to
}

// directives reads the comments at the start of the file that change how the rest is read.
// https://docs.docker.com/reference/dockerfile/#parser-directives
func (d *dockerReader) directives() {
	if strings.HasPrefix(d.data, "\uFEFF") {
		d.at = len("\uFEFF")
	}
	for line := range strings.Lines(d.data[d.at:]) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
		name, value, assigned := strings.Cut(comment, "=")
		if !ok || !assigned {
			return
		}
		if strings.EqualFold(strings.TrimSpace(name), "escape") && strings.TrimSpace(value) == "`" {
			d.escape = '`'
		}
	}
}

// instruction returns the next instruction and the place of its arguments, which may be several lines.
func (d *dockerReader) instruction() (word string, arguments source.Span, ok bool) {
	for d.at < len(d.data) {
		start := d.at
		line, end := d.line()
		d.at = end
		if isBlankOrComment(line) {
			continue
		}
		for more := d.continues(line); more && d.at < len(d.data); {
			line, d.at = d.line()
			if !isBlankOrComment(line) { // those are left out, and end nothing
				more = d.continues(line)
			}
		}
		start += len(d.data[start:d.at]) - len(strings.TrimLeft(d.data[start:d.at], " \t"))
		n := cutIndex(d.data[start:d.at], " \t\r\n")
		return d.data[start : start+n], source.Span{File: d.file, Start: start + n, End: d.at}, true
	}
	return "", source.Span{}, false
}

func isBlankOrComment(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

// continues reports whether a line ends in an escape that is not escaped itself.
func (d *dockerReader) continues(line string) bool {
	line = strings.TrimRight(line, " \t\r\n")
	n := len(line)
	return n > 0 && line[n-1] == d.escape && (n == 1 || line[n-2] != d.escape)
}

// line returns the line at the place, with its end.
func (d *dockerReader) line() (text string, end int) {
	if n := strings.IndexByte(d.data[d.at:], '\n'); n >= 0 {
		return d.data[d.at : d.at+n+1], d.at + n + 1
	}
	return d.data[d.at:], len(d.data)
}

// hereDocuments passes over the here-documents that an instruction opens: their lines are no instructions.
func (d *dockerReader) hereDocuments(arguments source.Span) {
	for field := range strings.FieldsSeq(arguments.Text()) {
		_, word, ok := strings.Cut(field, "<<")
		if word = strings.Trim(strings.TrimPrefix(word, "-"), `"'`); !ok || nameLength(word) == 0 || nameLength(word) != len(word) {
			continue
		}
		for d.at < len(d.data) {
			line, end := d.line()
			d.at = end
			if strings.TrimSpace(line) == word {
				break
			}
		}
	}
}

// from begins a stage. One that is built on an earlier one begins with its environment.
func (d *dockerReader) from(arguments source.Span, stages []stage) stage {
	s := stage{given: map[string]Value{}, isEnv: map[string]bool{}}
	var words []string
	for field := range strings.FieldsSeq(arguments.Text()) {
		if !strings.HasPrefix(field, "--") {
			words = append(words, field)
		}
	}
	if len(words) == 0 {
		return s
	}
	for _, earlier := range stages {
		if earlier.name != "" && strings.EqualFold(earlier.name, words[0]) {
			for _, v := range earlier.values {
				s.set(v)
			}
		}
	}
	if len(words) >= 3 && strings.EqualFold(words[1], "as") {
		s.name = words[2]
	}
	return s
}

func (d *dockerReader) arg(arguments source.Span, s *stage, global map[string]Value) {
	for _, w := range d.words(arguments, s.lookup) {
		name, _, assigned := strings.Cut(w.raw, "=")
		v := Value{Name: name, Span: w.span, Text: strings.TrimPrefix(w.text, name+"="), Unknown: w.unknown}
		if !assigned {
			v.Text, v.Unknown = "", "the build argument "+name
			if outer, ok := global[name]; ok {
				v = outer
			}
		}
		if !s.isEnv[name] {
			s.given[name] = v
		}
	}
}

func (d *dockerReader) env(arguments source.Span, s *stage) {
	words := d.words(arguments, s.lookup)
	if len(words) == 0 {
		return
	}
	if !strings.Contains(words[0].raw, "=") { // the old form: ENV name the rest of the line
		text := arguments.Text()
		start := arguments.Start + strings.Index(text, words[0].raw) + len(words[0].raw)
		for start < arguments.End && strings.IndexByte(" \t", d.data[start]) >= 0 {
			start++
		}
		rest := source.Span{File: d.file, Start: start, End: start + len(strings.TrimRight(d.data[start:arguments.End], " \t\r\n"))}
		v := Value{Name: words[0].raw, Span: rest}
		v.Text, v.Unknown = d.process(rest, s.lookup)
		s.set(v)
		return
	}
	for _, w := range words { // all have read what stood before the instruction
		name, _, ok := strings.Cut(w.raw, "=")
		if !ok {
			continue
		}
		at := w.span
		at.Start += len(name) + 1
		s.set(Value{Name: name, Text: strings.TrimPrefix(w.text, name+"="), Unknown: w.unknown, Span: at})
	}
}

func (s *stage) set(v Value) {
	if len(s.values) < maxValues {
		s.values = append(s.values, v)
		s.given[v.Name] = v
		s.isEnv[v.Name] = true
	}
}

// lookup answers references. A name that nothing in the file gives may come from the base image.
func (s *stage) lookup(name string) (text, unknown string, given bool) {
	v, given := s.given[name]
	return v.Text, v.Unknown, given
}

// dockerWord is a word of an instruction.
type dockerWord struct {
	raw     string
	text    string // without quotes and escapes, references expanded
	unknown string
	span    source.Span
}

// words splits arguments at blanks that are neither quoted nor escaped.
func (d *dockerReader) words(arguments source.Span, get lookup) []dockerWord {
	var words []dockerWord
	for at := arguments.Start; at < arguments.End && len(words) < maxValues; {
		if n := d.blank(at, arguments.End); n > 0 {
			at += n
			continue
		}
		end := d.wordEnd(at, arguments.End)
		w := dockerWord{raw: d.data[at:end], span: source.Span{File: d.file, Start: at, End: end}}
		w.text, w.unknown = d.process(w.span, get)
		words = append(words, w)
		at = end
	}
	return words
}

// blank is the length of the blank, line continuation or comment line at a place.
func (d *dockerReader) blank(at, end int) int {
	switch c := d.data[at]; {
	case strings.IndexByte(" \t\r\n", c) >= 0:
		return 1
	case c == d.escape:
		return d.continuation(at, end)
	case c == '#' && strings.TrimSpace(d.data[strings.LastIndexByte(d.data[:at], '\n')+1:at]) == "":
		return min(cutIndex(d.data[at:end], "\n")+1, end-at)
	}
	return 0
}

// continuation is the length of an escape at the end of a line with that end, 0 for another one.
func (d *dockerReader) continuation(at, end int) int {
	for i := at + 1; i < end; i++ {
		switch d.data[i] {
		case ' ', '\t', '\r':
		case '\n':
			return i + 1 - at
		default:
			return 0
		}
	}
	return 0
}

// wordEnd is the end of the word at a place.
func (d *dockerReader) wordEnd(at, end int) int {
	quote := byte(0)
	for at < end {
		c := d.data[at]
		switch {
		case c == d.escape && quote != '\'':
			if n := d.continuation(at, end); n > 0 {
				at += n
				continue
			}
			at++ // and what is escaped
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case strings.IndexByte(" \t\r\n", c) >= 0:
			return at
		}
		at++
	}
	return min(at, end)
}

// process removes quotes and escapes and expands references, which single quotes prevent.
func (d *dockerReader) process(at source.Span, get lookup) (text, unknown string) {
	e := shell{get: get, left: &d.left}
	s := d.data[at.Start:at.End]
	quote := byte(0)
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == d.escape && quote != '\'' && d.continuation(at.Start+i, at.End) > 0:
			i += d.continuation(at.Start+i, at.End)
			continue
		case c == d.escape && quote == '"' && i+1 < len(s) && s[i+1] != '"' && s[i+1] != '$' && s[i+1] != d.escape:
			e.write(s[i : i+1]) // an escape of nothing stays in double quotes
		case c == d.escape && quote != '\'' && i+1 < len(s):
			i++
			e.write(s[i : i+1])
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && quote == c:
			quote = 0
		case c == '$' && quote != '\'' && !strings.HasPrefix(s[i:], "$$"):
			i += e.reference(s[i:], 0)
			continue
		default:
			e.write(s[i : i+1])
		}
		i++
	}
	return e.result()
}
