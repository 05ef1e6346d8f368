package conf

import (
	"math"
	"slices"
	"strings"
)

// Context is a kind of block, or a set of them where a directive may stand in several.
type Context uint32

// The kinds of block. What stands in the bodies from Map to CharsetMap are keys, not directives; an Opaque body belongs
// to a directive that this package does not know.
const (
	Main Context = 1 << iota // outside of all blocks
	Events
	HTTP
	Server
	Location
	ServerIf   // an if in a server
	LocationIf // an if in a location
	LimitExcept
	Upstream
	Stream
	StreamServer
	StreamUpstream
	Mail
	MailServer
	Map
	Geo
	SplitClients
	Types
	CharsetMap
	Opaque

	anywhere Context = math.MaxUint32
	keyed            = Map | Geo | SplitClients | Types | CharsetMap
)

// contextNames are the names of single contexts, as `# corslint: context NAME` writes them.
var contextNames = [...]struct {
	name    string
	context Context
}{
	{"main", Main}, {"events", Events}, {"http", HTTP}, {"server", Server}, {"location", Location},
	{"server-if", ServerIf}, {"if", LocationIf}, {"limit_except", LimitExcept}, {"upstream", Upstream},
	{"stream", Stream}, {"stream-server", StreamServer}, {"stream-upstream", StreamUpstream},
	{"mail", Mail}, {"mail-server", MailServer}, {"map", Map}, {"geo", Geo}, {"split_clients", SplitClients},
	{"types", Types}, {"charset_map", CharsetMap}, {"opaque", Opaque},
}

// String returns the context's name, the names joined with | for a set.
func (c Context) String() string {
	var names []string
	for _, n := range contextNames {
		if c&n.context != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, "|")
}

// arity is a set of numbers of arguments, in nginx's bits: take2 | take3, or one of the rules after take7.
type arity uint16

const (
	take0 arity = 1 << iota
	take1
	take2
	take3
	take4
	take5
	take6
	take7
	takeAny
	take1Up
	take2Up
	onOff // one argument, on or off
)

// allows reports whether a directive may have n arguments.
func (a arity) allows(n int) bool {
	switch {
	case a&takeAny != 0:
		return true
	case a&onOff != 0:
		return n == 1
	case a&take1Up != 0:
		return n >= 1
	case a&take2Up != 0:
		return n >= 2
	}
	return n < 8 && a&(take0<<n) != 0
}

// Schema is what nginx knows of a directive in some contexts.
type Schema struct {
	Name   string
	Where  Context // where the directive may stand
	args   arity
	Body   Context // the kind of block it opens, 0 if it opens none
	Module string  // as nginx's source names it, without ngx_ and _module
}

// Takes reports whether the directive may have n arguments.
func (s *Schema) Takes(n int) bool { return s.args.allows(n) }

// Schemas returns what nginx knows of a directive's name, nil if it does not know it.
func Schemas(name string) []Schema {
	i, ok := slices.BinarySearchFunc(standard[:], name, func(s Schema, name string) int { return strings.Compare(s.Name, name) })
	if !ok {
		return nil
	}
	end := i
	for end < len(standard) && standard[end].Name == name {
		end++
	}
	return standard[i:end:end]
}

// Addon returns the module that brings a directive which is not nginx's own: a module of other makers, or of NGINX Plus.
// How such a directive may be used is not known here.
func Addon(name string) (module string, ok bool) {
	if strings.Contains(name, "_by_lua") || strings.Contains(name, "_by_njs") {
		return "lua", true
	}
	for _, a := range addons {
		if name == a.name || strings.HasSuffix(a.name, "_") && strings.HasPrefix(name, a.name) {
			return a.module, true
		}
	}
	return "", false
}

// couldStart reports whether a word may be the name of a directive that was swallowed by the one before it, because no ;
// ends that. So many words follow it, some of them maybe of a third directive.
func couldStart(name, before string, words int, block bool) bool {
	mates := Schemas(before)
	return slices.ContainsFunc(Schemas(name), func(s Schema) bool {
		together := slices.ContainsFunc(mates, func(m Schema) bool { return m.Where&s.Where != 0 })
		long := strings.Contains(name, "_") && s.args&(take0|takeAny) == 0 // names that are no ordinary words
		return together && (s.args.allows(words) && words > 0 && (s.Body != 0) == block || long && words > 0)
	})
}
