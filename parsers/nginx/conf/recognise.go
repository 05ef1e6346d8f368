package conf

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// Limits of recognition, which sees every file of the root that may be nginx's.
const (
	sampleSize  = 64 << 10 // bytes looked at before a file is read
	maxJudged   = 5000     // directives looked at to guess a context
	binarySize  = 8 << 10  // bytes in which a NUL makes a file binary
	commentMark = "corslint:"
)

// Recognition is what Recognise found out about a file.
type Recognition struct {
	// File is the file's tree, with includes unresolved but in a dump; nil for a file that is not nginx's.
	File *File
	// Context is the kind of block that the file's directives belong in: Main for a whole configuration.
	Context Context
	// Named is set where a comment in the file gives the context.
	Named bool
	// Whole is set where the file itself holds what it includes, and no other file is looked for: the output of `nginx -T`, and
	// a ConfigMap.
	Whole bool
}

// Recognise tells whether a file is nginx's, and reads it if it is. It is if its words can be read and a directive that
// nginx knows stands where nginx allows it; other programs' files that look alike (Apache, supervisord, logrotate, BIND)
// fail one of both. A file that cannot be read to its end is nginx's if its lines are.
func Recognise(f *source.File) Recognition {
	if sections := Sections(f); sections != nil {
		return Recognition{File: ReadDump(sections), Context: Main, Whole: true}
	}
	return recognise(f.Path, source.Span{File: f, End: len(f.Data)})
}

// recognise tells whether a part of a file is nginx's.
func recognise(path string, span source.Span) Recognition {
	// A byte order mark, which nginx reads as part of the first directive, does not make it another program's file.
	marked := span
	if span.Start == 0 && bytes.HasPrefix(span.File.Data[:span.End], []byte(byteOrderMark)) {
		span.Start = len(byteOrderMark)
	}
	data := span.File.Data[span.Start:span.End]
	looks := look(data)
	if looks.binary || looks.strong == 0 && looks.weak == 0 && !looks.named {
		return Recognition{}
	}
	file := ReadSpan(path, span)
	context, named := namedContext(file)
	if named {
		return Recognition{File: asItIs(file, path, span, marked), Context: context, Named: true}
	}
	context, t := guessContext(file)
	switch likely := pathSaysNginx(path); {
	case t.strong > 0 && t.good >= t.bad:
	case likely && t.good > 0 && t.bad == 0:
	case file.Broken && looks.strong > 1 && looks.strong >= looks.other:
	case len(data) > maxFileSize && looks.strong+looks.weak > looks.other: // its lines are all that was looked at
	case file.Broken && likely && looks.strong > 0 && looks.strong+looks.weak >= looks.other:
	default:
		return Recognition{}
	}
	return Recognition{File: asItIs(file, path, span, marked), Context: context}
}

// asItIs returns the file as nginx reads it, with its mark.
func asItIs(file *File, path string, read, whole source.Span) *File {
	if read == whole {
		return file
	}
	return ReadSpan(path, whole)
}

// looks is what the lines at the start of a file look like.
type looks struct {
	binary bool
	named  bool // a comment of corslint's stands there
	strong int  // lines that start with the name of a directive that is nginx's alone, and end as one does
	weak   int  // the same with names that other programs have as well
	other  int
}

// look is the cheap test that most files of other kinds fail.
func look(data []byte) looks {
	var l looks
	if bytes.IndexByte(data[:min(len(data), binarySize)], 0) >= 0 {
		l.binary = true
		return l
	}
	for line := range bytes.Lines(data[:min(len(data), sampleSize)]) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		switch line[0] {
		case '}', '{', '"', '\'', '$':
			continue // the end of a block, a template tag, a word that goes on with the line before
		case '#':
			l.named = l.named || bytes.Contains(line, []byte(commentMark))
			continue
		}
		end := bytes.IndexAny(line, " \t;{")
		if end < 0 {
			end = len(line)
		}
		switch name := string(line[:end]); {
		case !bytes.ContainsAny(line, ";{"):
			l.other++
		case distinctive(name):
			l.strong++
		case Schemas(name) != nil:
			l.weak++
		default:
			l.other++
		}
	}
	return l
}

// distinctive reports whether a name is that of a directive and of little else.
func distinctive(name string) bool {
	if Schemas(name) == nil {
		_, addon := Addon(name)
		return addon && strings.Contains(name, "_")
	}
	switch name {
	case "location", "listen", "upstream", "gzip", "expires", "rewrite", "sendfile", "etag", "http", "events":
		return true
	}
	return strings.Contains(name, "_")
}

// namedContext returns the context that a comment `# corslint: context NAME` gives.
func namedContext(f *File) (Context, bool) {
	for _, c := range f.Comments {
		rest, ok := strings.CutPrefix(c.Text, commentMark)
		if !ok {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) < 2 || fields[0] != "context" {
			continue
		}
		for _, n := range contextNames {
			if n.name == fields[1] {
				return n.context, true
			}
		}
		f.report(Problem{Kind: Suspicious, Span: c.Span, Text: fmt.Sprintf("there is no context %q", fields[1])})
	}
	return 0, false
}

// tally counts directives as they stand in a context.
type tally struct {
	good   int // known, and admissible where they stand
	strong int // of these, those that other programs do not have
	bad    int // unknown, or refused
	judged int
}

func (t *tally) count(body []*Directive, in Context) {
	for _, d := range body {
		if t.judged++; t.judged > maxJudged {
			return
		}
		if d.Kind != Statement {
			continue
		}
		schema, refused := judge(d, in)
		_, addon := Addon(d.Name)
		switch {
		case in&(keyed|Opaque) != 0:
		case schema != nil && refused.Text == "" && d.Word.Known():
			t.good++
			if distinctive(d.Name) || d.HasBlock || usesVariable(d) {
				t.strong++
			}
		case addon && refused.Text == "":
			t.good++
		case d.Word.Known():
			t.bad++
		}
		if schema != nil && schema.Body != 0 {
			t.count(d.Body, schema.Body)
		}
	}
}

// usesVariable reports whether an argument starts a variable as nginx writes them, which makes `set` and `if` nginx's.
func usesVariable(d *Directive) bool {
	return slices.ContainsFunc(d.Args, func(w Word) bool {
		i := strings.IndexByte(w.Value, '$')
		return i >= 0 && i+1 < len(w.Value) && (isNameByte(w.Value[i+1]) || w.Value[i+1] == '{')
	})
}

// guessContext returns the context in which the fewest of a file's directives are refused; of equals the one that such
// files are mostly included in.
func guessContext(f *File) (Context, tally) {
	if slices.ContainsFunc(f.Body, func(d *Directive) bool { return d.HasBlock && (d.Name == "http" || d.Name == "events") }) {
		var t tally
		t.count(f.Body, Main)
		return Main, t
	}
	order := []Context{Location, Server, HTTP, Main, Upstream, LocationIf, Stream, StreamServer, StreamUpstream, Events, Mail, MailServer}
	if slices.ContainsFunc(f.Body, func(d *Directive) bool { return d.Name == "location" }) {
		order[0], order[1] = Server, Location
	}
	if dir := path.Base(path.Dir(f.Path)); dir == "conf.d" || strings.HasPrefix(dir, "sites-") {
		order = slices.Insert(order, 0, HTTP)
	}
	var guess Context
	var best tally
	for _, c := range order {
		var t tally
		t.count(f.Body, c)
		if guess == 0 || t.good-3*t.bad > best.good-3*best.bad {
			guess, best = c, t
		}
		if t.good > 0 && t.good == t.judged {
			break // no other context fits better
		}
	}
	return guess, best
}

// pathSaysNginx reports whether a file lies where, or is named as, nginx's files are.
func pathSaysNginx(p string) bool {
	p = "/" + strings.ToLower(p)
	return containsAny(p, "nginx", "/sites-", "/conf.d/")
}
