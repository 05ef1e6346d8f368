package machine

// What a machine is told and what it tells, as it goes between two processes.

// Application says what to run.
type Application struct {
	Entry string `json:"entry"` // path of the file that Node would run
	Major int    `json:"major"` // of Express: 4 or 5
	// BodyParser is the major version of body-parser, 0 for the newest; express brings its own.
	BodyParser int `json:"bodyParser,omitempty"`
	// Majors are the major versions of other packages whose releases answer differently, as far as they are known.
	Majors map[string]int `json:"majors,omitempty"`
	// Export is set where the file is the module of a Lambda function: the name of the export that is called. Payload is the
	// version of the events that it is given: "1.0" or "2.0".
	Export  string `json:"export,omitempty"`
	Payload string `json:"payload,omitempty"`
	// Environment holds the variables that are set. Those that it does not hold are unset, or unknown texts.
	Environment map[string]string `json:"environment"`
	Unknown     []string          `json:"unknown,omitempty"` // variables that are set to what nobody here knows
	Others      Others            `json:"others"`
	// Aliases are prefixes of module names and what they stand for below the root: of workspaces, and of tsconfig paths.
	Aliases []Alias `json:"aliases,omitempty"`
}

// Others says what the environment variables are that nobody gave a value.
type Others string

// The ways.
const (
	Unset    Others = ""
	Anything Others = "anything"
)

// Alias is a module name, or a prefix of one, that stands for a path below the root.
type Alias struct {
	Name   string   `json:"name"`
	Prefix bool     `json:"prefix,omitempty"`
	Paths  []string `json:"paths"`
}

// Place is a range of a file, in bytes.
type Place struct {
	File  string `json:"file"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// Description is what an application showed of itself when it started.
type Description struct {
	Layers   []Layer   `json:"layers"`
	Mentions []Mention `json:"mentions,omitempty"`
	Facts    []Fact    `json:"facts,omitempty"`
	Gaps     []Gap     `json:"gaps,omitempty"`
	Files    []string  `json:"files"`
	// Variables are the environment variables that were read.
	Variables []Variable `json:"variables,omitempty"`
	// Stopped: the machine gave up, and would again.
	Stopped bool `json:"stopped,omitempty"`
	// Failure is set when the application does not start: what was thrown.
	Failure *Gap `json:"failure,omitempty"`
	// Unreadable are mistakes in files.
	Unreadable []Gap `json:"unreadable,omitempty"`
}

// Layer is one application that answers requests.
type Layer struct {
	Name      string     `json:"name"` // of its framework; "" for express
	Place     *Place     `json:"place,omitempty"`
	Port      int        `json:"port,omitempty"`
	Endpoints []Endpoint `json:"endpoints"`
}

// Endpoint is a registered route, or where there is none all paths.
type Endpoint struct {
	Pattern string   `json:"pattern"`
	Example string   `json:"example"`
	Methods []string `json:"methods,omitempty"`
	Place   *Place   `json:"place,omitempty"`
	Routes  []Route  `json:"routes,omitempty"`
	Static  bool     `json:"static,omitempty"`
}

// Route is where a method of an endpoint is registered.
type Route struct {
	Method string `json:"method"`
	Place  Place  `json:"place"`
}

// Mention is a literal, pattern or test that was applied to the origin.
type Mention struct {
	Kind  string `json:"kind"` // literal, pattern, prefix, suffix, contains, reflected
	Text  string `json:"text"`
	Fold  bool   `json:"fold,omitempty"`
	Place *Place `json:"place,omitempty"`
}

// Same reports whether two mentions are of the same text at the same place.
func (m Mention) Same(x Mention) bool {
	return m.Kind == x.Kind && m.Text == x.Text && m.Fold == x.Fold && (m.Place == nil) == (x.Place == nil) && (m.Place == nil || *m.Place == *x.Place)
}

// Fact is something that only the running shows.
type Fact struct {
	Kind     string `json:"kind"`
	Subject  string `json:"subject"`
	Endpoint string `json:"endpoint,omitempty"` // its pattern; "" for the whole layer
	Method   string `json:"method,omitempty"`   // "" for any
	Text     string `json:"text"`
	Place    *Place `json:"place,omitempty"`
}

// Gap is something that was seen and is not modelled, or a mistake.
type Gap struct {
	Why   string `json:"why"`
	Place *Place `json:"place,omitempty"`
}

// Variable is an environment variable that the application read.
type Variable struct {
	Name  string `json:"name"`
	Place *Place `json:"place,omitempty"`
}

// Request is a request to one layer.
type Request struct {
	Layer         int         `json:"layer"`
	Method        string      `json:"method"`
	URL           string      `json:"url"` // path and query
	Headers       [][2]string `json:"headers"`
	Secure        bool        `json:"secure,omitempty"`
	Circumstances []string    `json:"circumstances,omitempty"`
	Assume        []Answered  `json:"assume,omitempty"`
}

// Question is something that is not known.
type Question struct {
	Kind    string `json:"kind"` // of policy.UnknownKind
	Subject string `json:"subject"`
}

// Answered is a question with the answer that was taken for granted.
type Answered struct {
	Question
	Holds bool `json:"holds"`
}

// Part is a piece of a value: text, or what is unknown.
type Part struct {
	Text    string    `json:"text,omitempty"`
	Unknown *Question `json:"unknown,omitempty"`
}

// Header is a header line and the places that had a part in it.
type Header struct {
	Name   string  `json:"name"`
	Value  []Part  `json:"value"`
	Places []Place `json:"places,omitempty"`
}

// Lost is a header that was written for this response and is not sent.
type Lost struct {
	Name  string `json:"name"`
	Value []Part `json:"value"`
	At    *Place `json:"at,omitempty"`
	By    *Place `json:"by,omitempty"`
	Why   string `json:"why"`
}

// Response is one answer.
type Response struct {
	Status  int      `json:"status"` // 0: none is ever sent
	Headers []Header `json:"headers,omitempty"`
	Lost    []Lost   `json:"lost,omitempty"`
	// Open is set when more headers may be there than are known. Loose names those; none: all.
	Open     *Question  `json:"open,omitempty"`
	Loose    []string   `json:"loose,omitempty"`
	Assuming []Answered `json:"assuming,omitempty"`
	By       *Place     `json:"by,omitempty"`
	Raised   *Place     `json:"raised,omitempty"` // who raised the error that By answers for
	Sent     *Place     `json:"sent,omitempty"`   // the call that sent it
	Error    string     `json:"error,omitempty"`  // that nobody handled
	Forward  *Forward   `json:"forward,omitempty"`
}

// Forward says that what stands behind answers, with the headers beside that were set before.
type Forward struct {
	To    []Part `json:"to"`
	Path  string `json:"path"`
	Place *Place `json:"place,omitempty"`
}
