// Package sarif holds the part of the SARIF 2.1.0 object model that corslint writes, and the line fingerprint that GitHub
// code scanning computes. It imports only the standard library.
//
// The types are our own because the model in github.com/owenrumney/go-sarif/v3 cannot leave out what was not said: every
// region carries byteOffset and charOffset -1 and every result a dozen empty arrays, twice the bytes against code
// scanning's limit of 10 MB; and importing it links a JSON Schema validator and a UUID generator into the program.
//
// The comments say which properties code scanning reads, after
// https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support.
package sarif

// Schema and Version identify the format in [Log].
const (
	Schema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	Version = "2.1.0"
)

// SrcRoot is the uriBaseId that stands for the root of the repository.
const SrcRoot = "%SRCROOT%"

// UTF16CodeUnits is the [Run.ColumnKind] of every column in this package: SARIF knows no bytes.
const UTF16CodeUnits = "utf16CodeUnits"

// Log is a SARIF file.
type Log struct {
	Schema  string `json:"$schema"`
	Version string `json:"version"`
	Runs    []Run  `json:"runs"`
}

// Run is one run of one tool. Code scanning refuses a run without results, so a clean one has an empty, non-nil slice.
type Run struct {
	Tool              Tool               `json:"tool"`
	Invocations       []Invocation       `json:"invocations,omitempty"`
	AutomationDetails *AutomationDetails `json:"automationDetails,omitempty"`
	ColumnKind        string             `json:"columnKind"`
	Results           []Result           `json:"results"`
}

// AutomationDetails names the category of a run: the text of ID up to its last slash. A later upload with the same tool
// and category replaces the earlier one.
type AutomationDetails struct {
	ID string `json:"id"`
}

// Tool is the program that made a run.
type Tool struct {
	Driver Driver `json:"driver"`
}

// Driver describes the program and lists all its rules, those that found nothing included.
type Driver struct {
	Name            string `json:"name"`
	Version         string `json:"version,omitempty"`
	SemanticVersion string `json:"semanticVersion,omitempty"`
	InformationURI  string `json:"informationUri,omitempty"`
	Rules           []Rule `json:"rules"`
}

// Rule is a reportingDescriptor. ID and Name must differ; code scanning shows Help.Markdown in place of Help.Text.
type Rule struct {
	ID                   string         `json:"id"`
	Name                 string         `json:"name"`
	ShortDescription     Text           `json:"shortDescription"`
	FullDescription      Text           `json:"fullDescription"`
	Help                 Text           `json:"help"`
	HelpURI              string         `json:"helpUri,omitempty"`
	DefaultConfiguration Configuration  `json:"defaultConfiguration"`
	Properties           RuleProperties `json:"properties"`
}

// Configuration holds a rule's level: "error", "warning" or "note".
type Configuration struct {
	Level string `json:"level"`
}

// RuleProperties are the keys that code scanning reads from a rule's property bag. SecuritySeverity, a number in a string,
// makes every alert of the rule a security alert; the others have ProblemSeverity.
type RuleProperties struct {
	Tags             []string `json:"tags"`
	Precision        string   `json:"precision"`
	ProblemSeverity  string   `json:"problem.severity,omitempty"`
	SecuritySeverity string   `json:"security-severity,omitempty"`
}

// Text is a message or multiformatMessageString.
type Text struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

// Result is one alert. Of Locations only the first is used; RelatedLocations are shown where the message links to their
// IDs, as in "[line 17](1)"; Fixes are ignored by code scanning and used by editors.
type Result struct {
	RuleID              string            `json:"ruleId"`
	RuleIndex           int               `json:"ruleIndex"`
	Level               string            `json:"level"`
	Message             Text              `json:"message"`
	Locations           []Location        `json:"locations"`
	RelatedLocations    []Location        `json:"relatedLocations,omitempty"`
	CodeFlows           []CodeFlow        `json:"codeFlows,omitempty"`
	Fixes               []Fix             `json:"fixes,omitempty"`
	PartialFingerprints map[string]string `json:"partialFingerprints"`
	Properties          map[string]any    `json:"properties,omitempty"`
}

// Location is a place with, where something is to be said about it, a message. ID counts from 1; 0 is no ID.
type Location struct {
	ID               int              `json:"id,omitempty"`
	PhysicalLocation PhysicalLocation `json:"physicalLocation"`
	Message          *Text            `json:"message,omitempty"`
}

// PhysicalLocation is a region of a file.
type PhysicalLocation struct {
	ArtifactLocation ArtifactLocation `json:"artifactLocation"`
	Region           Region           `json:"region"`
}

// ArtifactLocation is a file: a percent-encoded path relative to URIBaseID.
type ArtifactLocation struct {
	URI       string `json:"uri"`
	URIBaseID string `json:"uriBaseId"`
}

// Region counts lines and columns from 1, columns in UTF-16 code units; EndColumn is the one after the last character.
type Region struct {
	StartLine   int   `json:"startLine"`
	StartColumn int   `json:"startColumn"`
	EndLine     int   `json:"endLine"`
	EndColumn   int   `json:"endColumn"`
	Snippet     *Text `json:"snippet,omitempty"`
}

// CodeFlow is a sequence of places; code scanning shows it as "Show paths".
type CodeFlow struct {
	ThreadFlows []ThreadFlow `json:"threadFlows"`
}

// ThreadFlow holds the steps of a [CodeFlow].
type ThreadFlow struct {
	Locations []ThreadFlowLocation `json:"locations"`
}

// ThreadFlowLocation is a step of a [ThreadFlow].
type ThreadFlowLocation struct {
	Location Location `json:"location"`
}

// Fix is a proposed change.
type Fix struct {
	Description     Text             `json:"description"`
	ArtifactChanges []ArtifactChange `json:"artifactChanges"`
}

// ArtifactChange is the part of a [Fix] that concerns one file.
type ArtifactChange struct {
	ArtifactLocation ArtifactLocation `json:"artifactLocation"`
	Replacements     []Replacement    `json:"replacements"`
}

// Replacement puts text in the place of a region.
type Replacement struct {
	DeletedRegion   Region `json:"deletedRegion"`
	InsertedContent Text   `json:"insertedContent"`
}

// Invocation says whether the tool could do its work, and holds what it has to say besides results.
type Invocation struct {
	ExecutionSuccessful        bool           `json:"executionSuccessful"`
	ToolExecutionNotifications []Notification `json:"toolExecutionNotifications,omitempty"`
}

// Notification is something that the tool has to say about its own work.
type Notification struct {
	Level     string     `json:"level"`
	Message   Text       `json:"message"`
	Locations []Location `json:"locations,omitempty"`
}
