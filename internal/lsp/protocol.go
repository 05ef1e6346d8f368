package lsp

import (
	"encoding/json"

	"github.com/sourcegraph/jsonrpc2"
)

// The part of the protocol that this server speaks, by the names of the specification:
// https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/
type (
	position struct {
		Line      int `json:"line"`      // from 0
		Character int `json:"character"` // UTF-16 code units, from 0
	}
	textRange struct {
		Start position `json:"start"`
		End   position `json:"end"`
	}
	location struct {
		URI   string    `json:"uri"`
		Range textRange `json:"range"`
	}

	initializeParams struct {
		ProcessID        *int     `json:"processId"`
		RootURI          string   `json:"rootUri"`
		WorkspaceFolders []folder `json:"workspaceFolders"`
		Capabilities     struct {
			Window struct {
				ShowDocument struct {
					Support bool `json:"support"`
				} `json:"showDocument"`
			} `json:"window"`
			Workspace struct {
				WorkspaceEdit struct {
					DocumentChanges    bool `json:"documentChanges"`
					SnippetEditSupport bool `json:"snippetEditSupport"` // 3.18
				} `json:"workspaceEdit"`
				InlayHint struct {
					RefreshSupport bool `json:"refreshSupport"`
				} `json:"inlayHint"`
				DidChangeWatchedFiles struct {
					DynamicRegistration bool `json:"dynamicRegistration"`
				} `json:"didChangeWatchedFiles"`
			} `json:"workspace"`
		} `json:"capabilities"`
	}
	folder struct {
		URI string `json:"uri"`
	}
	foldersParams struct {
		Event struct {
			Added   []folder `json:"added"`
			Removed []folder `json:"removed"`
		} `json:"event"`
	}
	initializeResult struct {
		Capabilities capabilities `json:"capabilities"`
		ServerInfo   serverInfo   `json:"serverInfo"`
	}
	serverInfo struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	capabilities struct {
		PositionEncoding   string            `json:"positionEncoding"`
		TextDocumentSync   syncOptions       `json:"textDocumentSync"`
		HoverProvider      bool              `json:"hoverProvider"`
		DefinitionProvider bool              `json:"definitionProvider"`
		CodeActionProvider codeActionOptions `json:"codeActionProvider"`
		InlayHintProvider  bool              `json:"inlayHintProvider"`
		ExecuteCommand     commandOptions    `json:"executeCommandProvider"`
		Workspace          workspaceOptions  `json:"workspace"`
	}
	commandOptions struct {
		Commands []string `json:"commands"`
	}
	workspaceOptions struct {
		Folders folderOptions `json:"workspaceFolders"`
	}
	folderOptions struct {
		Supported           bool `json:"supported"`
		ChangeNotifications bool `json:"changeNotifications"`
	}
	syncOptions struct {
		OpenClose bool        `json:"openClose"`
		Change    int         `json:"change"` // 2: what changed only
		Save      saveOptions `json:"save"`
	}
	saveOptions       struct{}
	codeActionOptions struct {
		Kinds []string `json:"codeActionKinds"`
	}

	textDocument struct {
		URI     string `json:"uri"`
		Version int    `json:"version"`
		Text    string `json:"text"`
	}
	openParams struct {
		TextDocument textDocument `json:"textDocument"`
	}
	changeParams struct {
		TextDocument   textDocument `json:"textDocument"`
		ContentChanges []change     `json:"contentChanges"`
	}
	change struct {
		Range *textRange `json:"range"` // nil: the whole text
		Text  string     `json:"text"`
	}
	documentParams struct {
		TextDocument textDocument `json:"textDocument"`
	}
	placeParams struct { // of every question about a document
		TextDocument textDocument `json:"textDocument"`
		Position     position     `json:"position"`
		Range        textRange    `json:"range"`
		Context      struct {
			Only []string `json:"only"`
		} `json:"context"`
	}
	watchedParams struct {
		Changes []struct {
			URI string `json:"uri"`
		} `json:"changes"`
	}
	commandParams struct {
		Command   string            `json:"command"`
		Arguments []json.RawMessage `json:"arguments"`
	}
	cancelParams struct {
		ID jsonrpc2.ID `json:"id"`
	}
	showParams struct {
		URI       string    `json:"uri"`
		TakeFocus bool      `json:"takeFocus"`
		Selection textRange `json:"selection"`
	}
	messageParams struct {
		Type    int    `json:"type"` // 2 is a warning
		Message string `json:"message"`
	}

	publishParams struct {
		URI         string       `json:"uri"`
		Version     *int         `json:"version,omitempty"`
		Diagnostics []diagnostic `json:"diagnostics"`
	}
	diagnostic struct {
		Range           textRange        `json:"range"`
		Severity        int              `json:"severity"` // 1 error, 2 warning, 3 information
		Code            string           `json:"code"`
		CodeDescription *codeDescription `json:"codeDescription,omitempty"`
		Source          string           `json:"source"`
		Message         string           `json:"message"`
		Related         []relatedPlace   `json:"relatedInformation,omitempty"`
		Data            *diagnosticData  `json:"data,omitempty"`
	}
	codeDescription struct {
		Href string `json:"href"`
	}
	relatedPlace struct {
		Location location `json:"location"`
		Message  string   `json:"message"`
	}
	diagnosticData struct {
		Fingerprint string `json:"fingerprint"`
	}

	hover struct {
		Contents markup     `json:"contents"`
		Range    *textRange `json:"range,omitempty"`
	}
	markup struct {
		Kind  string `json:"kind"` // "markdown"
		Value string `json:"value"`
	}

	codeAction struct {
		Title       string         `json:"title"`
		Kind        string         `json:"kind"`
		Diagnostics []diagnostic   `json:"diagnostics,omitempty"`
		IsPreferred bool           `json:"isPreferred,omitempty"`
		Edit        *workspaceEdit `json:"edit,omitempty"`
		Command     *command       `json:"command,omitempty"`
	}
	command struct {
		Title     string `json:"title"`
		Command   string `json:"command"`
		Arguments []any  `json:"arguments"`
	}
	workspaceEdit struct {
		DocumentChanges []documentEdit        `json:"documentChanges,omitempty"`
		Changes         map[string][]textEdit `json:"changes,omitempty"`
	}
	documentEdit struct {
		TextDocument versionedDocument `json:"textDocument"`
		Edits        []textEdit        `json:"edits"`
	}
	versionedDocument struct {
		URI     string `json:"uri"`
		Version *int   `json:"version"` // nil: the file on disk
	}
	textEdit struct {
		Range   textRange    `json:"range"`
		NewText *string      `json:"newText,omitempty"`
		Snippet *stringValue `json:"snippet,omitempty"` // instead; 3.18
	}
	stringValue struct {
		Kind  string `json:"kind"` // "snippet"
		Value string `json:"value"`
	}

	inlayHint struct {
		Position    position `json:"position"`
		Label       string   `json:"label"`
		Tooltip     *markup  `json:"tooltip,omitempty"`
		PaddingLeft bool     `json:"paddingLeft"`
	}

	registration struct {
		ID      string `json:"id"`
		Method  string `json:"method"`
		Options any    `json:"registerOptions"`
	}
	registrationParams struct {
		Registrations []registration `json:"registrations"`
	}
	watchers struct {
		Watchers []watcher `json:"watchers"`
	}
	watcher struct {
		GlobPattern string `json:"globPattern"`
	}
)
