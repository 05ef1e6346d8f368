package conf

import (
	"fmt"
	"iter"
	"strings"

	"github.com/tufanbarisyildirim/gonginx/config"

	"github.com/corslint/corslint/internal/source"
)

// NodeKind is what a node of the tree is.
type NodeKind int

// The kinds of node.
const (
	Statement   NodeKind = iota // a directive
	Substituted                 // a template tag that stands for any number of directives
	Control                     // a template tag that decides whether the directives around it are there
)

// Directive is a node of the tree: a directive of nginx with the places of its words, or a template tag that stands
// where a directive does. It embeds gonginx's node and is a config.IDirective: Name and Parameters are gonginx's
// (the parameters with their quotes, as gonginx's own parser leaves them), Word and Args are exact.
type Directive struct {
	config.Directive

	Kind NodeKind
	Word Word   // the directive's name; of a template tag the whole tag
	Args []Word // without the name
	Span source.Span
	Head source.Span // from the name to the last argument

	HasBlock bool // it was ended by { rather than ;
	Body     []*Directive
	Code     source.Span // the text inside the braces of a *_by_lua_block; its Body is empty

	// Included are the files that an include directive stands for, in nginx's order, each read for this directive
	// alone. Resolve fills it.
	Included []*File

	// Context is the kind of block the directive stands in, Schema what nginx knows of the directive there, nil for a
	// directive that this package does not know or that may not stand there. Check fills both.
	Context Context
	Schema  *Schema
}

// Known reports whether no word of the directive holds a placeholder.
func (d *Directive) Known() bool {
	if !d.Word.Known() {
		return false
	}
	for _, w := range d.Args {
		if !w.Known() {
			return false
		}
	}
	return true
}

// File is the tree of one file, or of one section of an nginx -T dump.
type File struct {
	Path     string      // the file's path; in a dump the path that the section names
	Span     source.Span // its text
	Body     []*Directive
	Comments []Comment
	Problems []Problem
	Template bool // template tags were found in it
	Tree     *config.Config

	// Broken is set where reading stopped early: Body holds what was read until then, with blocks cut short.
	Broken bool
}

// All yields the file and every file included in it, each before the files that it includes.
func (f *File) All() iter.Seq[*File] {
	return func(yield func(*File) bool) { f.all(yield) }
}

func (f *File) all(yield func(*File) bool) bool {
	if !yield(f) {
		return false
	}
	for d := range Walk(f.Body) {
		for _, in := range d.Included {
			if !in.all(yield) {
				return false
			}
		}
	}
	return true
}

// Walk yields the directives and those in their blocks, in the order of the text. It does not enter included files.
func Walk(body []*Directive) iter.Seq[*Directive] {
	return func(yield func(*Directive) bool) { walk(body, yield) }
}

func walk(body []*Directive, yield func(*Directive) bool) bool {
	for _, d := range body {
		if !yield(d) || !walk(d.Body, yield) {
			return false
		}
	}
	return true
}

func (f *File) report(p Problem) {
	if len(f.Problems) < maxProblems {
		f.Problems = append(f.Problems, p)
	}
}

// Read reads a whole file. It is total: what cannot be read is a problem of the file it returns.
func Read(f *source.File) *File {
	return ReadSpan(f.Path, source.Span{File: f, End: len(f.Data)})
}

// ReadSpan reads a part of a file as if it were the file at path: a section of a dump, or a configuration inside a
// file of another kind. All spans are places in the file itself.
func ReadSpan(path string, span source.Span) *File {
	f := &File{Path: path, Span: span, Tree: &config.Config{Block: &config.Block{}, FilePath: path}}
	if size := span.End - span.Start; size > maxFileSize {
		f.Broken = true
		f.report(Problem{Kind: LimitPassed, Span: source.Span{File: span.File, Start: span.Start, End: span.Start},
			Text: fmt.Sprintf("%s is larger than %d MB and was not read", path, maxFileSize>>20)})
		return f
	}
	b := builder{file: f, lexer: newLexer(span), open: []*block{{body: &f.Body, tree: f.Tree.Block}}}
	if span.Start > 0 {
		b.firstLine = span.Position().Line - 1
	}
	b.read()
	f.Comments, f.Template = b.lexer.comments, b.lexer.rendered
	return f
}

// builder makes a tree of what the lexer reads. It keeps the open blocks itself: nesting costs no stack.
type builder struct {
	file      *File
	lexer     *lexer
	firstLine int
	open      []*block
	comments  int // those of the lexer that belong to directives before
}

// block is an open block.
type block struct {
	directive *Directive // nil for the file
	body      *[]*Directive
	tree      *config.Block
}

func (b *builder) top() *block { return b.open[len(b.open)-1] }

func (b *builder) read() {
	l := b.lexer
	for {
		switch l.next() {
		case endStatement:
			b.add(b.directive(false))
		case endBlockStart:
			if !b.enter(b.directive(true)) {
				return
			}
		case endBlock:
			if len(b.open) == 1 {
				l.fail(Problem{Span: l.at(l.pos-1, l.pos), Text: `unexpected "}"`})
				b.stop()
				return
			}
			b.leave(l.pos)
		case endTag:
			b.add(b.tag())
		case endFile:
			if len(b.open) > 1 {
				l.fail(Problem{Span: l.at(l.pos, l.pos), Text: `unexpected end of file, expecting "}"`,
					Hint: "this block is never closed", HintSpan: b.top().directive.Head})
				b.stop()
			}
			return
		case endFailed:
			b.stop()
			return
		}
	}
}

// stop reports the lexer's problem and closes what is open.
func (b *builder) stop() {
	b.file.Broken = true
	b.file.report(b.lexer.problem)
	for len(b.open) > 1 {
		b.leave(b.lexer.pos)
	}
}

// directive makes a directive of the lexer's words.
func (b *builder) directive(block bool) *Directive {
	l := b.lexer
	words := append([]Word(nil), l.words...)
	d := &Directive{Word: words[0], Args: words[1:]}
	d.Name = d.Word.Value
	d.Line = b.firstLine + l.lines[0] + 1
	d.Head = source.Join(words[0].Span, words[len(words)-1].Span)
	d.Span = d.Head
	d.Span.End = l.span.Start + l.pos
	if len(d.Args) > 0 {
		d.Parameters = make([]config.Parameter, len(d.Args))
	}
	for i, w := range d.Args {
		raw := l.text[w.Span.Start-l.span.Start : w.Span.End-l.span.Start]
		d.Parameters[i] = config.Parameter{Value: raw, RelativeLineIndex: l.lines[i+1] - l.lines[0]}
	}
	b.missingSemicolon(d, block)
	return d
}

// tag makes a node of the lexer's tag.
func (b *builder) tag() *Directive {
	l := b.lexer
	span := l.at(l.tag.start, l.tag.end)
	d := &Directive{Kind: Substituted, Span: span, Head: span, Word: Word{
		Span: span, Value: l.text[l.tag.start:l.tag.end],
		Placeholders: []Placeholder{{Span: span, Expr: l.tag.expr(l.text), end: l.tag.end - l.tag.start}},
	}}
	if l.tag.kind == tagControl {
		d.Kind = Control
	}
	d.Name = d.Word.Value
	d.Line = b.firstLine + l.line + 1 - strings.Count(d.Name, "\n")
	return d
}

func (b *builder) add(d *Directive) {
	for _, c := range b.lexer.comments[b.comments:] {
		d.Comment = append(d.Comment, c.Span.Text())
	}
	b.comments = len(b.lexer.comments)
	top := b.top()
	if top.directive != nil {
		d.Parent = top.directive
	}
	*top.body = append(*top.body, d)
	top.tree.Directives = append(top.tree.Directives, d)
}

// enter opens a directive's block; false if nothing more can be read.
func (b *builder) enter(d *Directive) bool {
	l := b.lexer
	d.HasBlock = true
	tree := &config.Block{Parent: d}
	d.Block = tree
	b.add(d)
	if strings.HasSuffix(d.Name, luaBlock) {
		return b.skipLua(d, tree)
	}
	if len(b.open) > maxDepth {
		l.problem = Problem{Kind: LimitPassed, Span: d.Head,
			Text: fmt.Sprintf("blocks are nested more than %d deep; the rest of the file was not read", maxDepth)}
		b.stop()
		return false
	}
	b.open = append(b.open, &block{directive: d, body: &d.Body, tree: tree})
	return true
}

// leave closes the innermost block, whose last byte stands before end.
func (b *builder) leave(end int) {
	b.top().directive.Span.End = b.lexer.span.Start + end
	b.open = b.open[:len(b.open)-1]
}

func (b *builder) skipLua(d *Directive, tree *config.Block) bool {
	l := b.lexer
	size := luaEnd(l.text[l.pos:])
	if size < 0 {
		l.fail(Problem{Span: l.at(len(l.text), len(l.text)), Text: `unexpected end of file, expecting "}"`,
			Hint: "this block of Lua code is never closed", HintSpan: d.Head})
		b.stop()
		return false
	}
	tree.IsLuaBlock, tree.LiteralCode = true, l.text[l.pos:l.pos+size]
	d.Code = l.at(l.pos, l.pos+size)
	l.line += strings.Count(tree.LiteralCode, "\n")
	l.pos += size + 1
	l.skipTags()
	d.Span.End = l.span.Start + l.pos
	return true
}

// missingSemicolon reports a directive that seems to have swallowed the next one: a word that starts a line is the name
// of a directive, which with the words after it would be complete.
func (b *builder) missingSemicolon(d *Directive, block bool) {
	lines := b.lexer.lines
	for i, w := range d.Args {
		if w.Quote != 0 || lines[i+1] == lines[i] || !couldStart(w.Value, d.Name, len(d.Args)-i-1, block) {
			continue
		}
		before := d.Word
		if i > 0 {
			before = d.Args[i-1]
		}
		b.file.report(Problem{
			Kind: Suspicious, Span: w.Span,
			Text:     fmt.Sprintf("%q starts a line but is read as an argument of %q", w.Value, d.Name),
			Hint:     "a ; is missing after this word",
			HintSpan: before.Span,
		})
		return
	}
}
