package playground

// Question is what the page asks. Offsets, here and in the answer, count UTF-16 code units, as JavaScript does.
type Question struct {
	Files []File `json:"files"`
	Fetch *Fetch `json:"fetch"` // nil: nothing is simulated
	// Pedantic: notes and findings of low confidence are wanted, too.
	Pedantic bool `json:"pedantic,omitempty"`
	// Repair asks for the fixes of some findings of the answer about these files, which are named by their place in it, and for
	// nothing else: each fix takes a run of its own to prove.
	Repair []int `json:"repair,omitempty"`
}

// File is a file that was pasted.
type File struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Fetch is the request of a page.
type Fetch struct {
	URL         string      `json:"url"`
	Method      string      `json:"method"`
	Origin      string      `json:"origin"`
	Credentials bool        `json:"credentials"`
	Headers     [][2]string `json:"headers"`
}

// Answer is what there is to say.
type Answer struct {
	Error    string    `json:"error,omitempty"`
	Findings []Finding `json:"findings"`
	More     int       `json:"more,omitempty"` // findings that are not listed
	Gaps     []string  `json:"gaps"`
	Layers   []Layer   `json:"layers"`
	// Suggest is a request that reaches something, for a page that has none.
	Suggest  *Fetch    `json:"suggest"`
	Exchange *Exchange `json:"exchange"`
	Fixes    [][]Fix   `json:"fixes,omitempty"` // one list for each number of Question.Repair
}

// Finding is a finding as the page shows it.
type Finding struct {
	Rule       string    `json:"rule"`
	Severity   string    `json:"severity"`
	Message    string    `json:"message"`
	Because    string    `json:"because"`
	Change     string    `json:"change"`
	Browser    string    `json:"browser,omitempty"`
	Place      Place     `json:"place"`
	Related    []Related `json:"related"`
	Witness    *Witness  `json:"witness,omitempty"`
	Repairable bool      `json:"repairable,omitempty"` // there is something to try: see Question.Repair
	Fetch      *Fetch    `json:"fetch,omitempty"`      // the request that proves it
}

// Place is a range of a file.
type Place struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// Related is a place with a sentence.
type Related struct {
	Place
	Text string `json:"text"`
}

// Fix is a set of edits. What is neither safe nor unsafe is only shown.
type Fix struct {
	Title  string `json:"title"`
	Safety string `json:"safety"`
	Edits  []Edit `json:"edits"`
}

// Edit replaces a place with a text.
type Edit struct {
	Place
	Text string `json:"text"`
}

// Witness is an exchange, step by step.
type Witness struct {
	Title string `json:"title"`
	Steps []Step `json:"steps"`
}

// Step is one message of an exchange, or what happens inside one party.
type Step struct {
	From  string `json:"from"`
	To    string `json:"to,omitempty"`
	Start string `json:"start"`
	Lines []Line `json:"lines"`
}

// Line is a header of a step.
type Line struct {
	Text  string `json:"text"`
	Place *Place `json:"place,omitempty"`
	Lost  bool   `json:"lost,omitempty"`
	Note  string `json:"note,omitempty"`
}

// Layer is what a layer allows.
type Layer struct {
	Name      string     `json:"name"`
	Addresses []string   `json:"addresses"`
	Endpoints []Endpoint `json:"endpoints"`
}

// Endpoint is who may read an endpoint.
type Endpoint struct {
	Name        string   `json:"name"`
	URL         string   `json:"url"`
	Origins     []string `json:"origins"`
	Anybody     bool     `json:"anybody"`
	Credentials bool     `json:"credentials"`
	Place       Place    `json:"place"`
}

// Exchange is what becomes of the page's request.
type Exchange struct {
	Verdict  string    `json:"verdict"`
	Message  string    `json:"message"`
	Error    string    `json:"error,omitempty"`
	Outcomes []Outcome `json:"outcomes"`
}

// Outcome is one way in which a request can go.
type Outcome struct {
	Verdict  string   `json:"verdict"`
	Walls    []string `json:"walls"` // every check that fails, the one that the browser prints first
	Assuming []string `json:"assuming"`
	Witness  Witness  `json:"witness"`
}
