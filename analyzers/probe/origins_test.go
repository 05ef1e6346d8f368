package probe

import (
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
)

func literal(text string) policy.Mention {
	return policy.Mention{Kind: policy.MentionLiteral, Text: text}
}

func pattern(text string) policy.Mention {
	return policy.Mention{Kind: policy.MentionPattern, Text: text, Dialect: policy.PCRE}
}

func TestMeanings(t *testing.T) {
	tests := []struct {
		mention policy.Mention
		want    string // origins; "text -> origin" where the test wants another text
	}{
		{literal("https://app.shop.com"), "https://app.shop.com"},
		{literal("https://app.shop.com/"), "https://app.shop.com/ -> https://app.shop.com"},
		{literal("https://App.Shop.com:443/login"), "https://App.Shop.com:443/login -> https://app.shop.com"},
		{literal("app.shop.com"), "app.shop.com -> https://app.shop.com"},
		{literal("localhost:3000"), "localhost:3000 -> http://localhost:3000"},
		{literal("https://*.shop.com"), "https://*.shop.com -> https://app.shop.com"},
		{literal("https://shop.*"), "https://shop.* -> https://shop.com"},
		{literal("*"), "* -> https://app.example"},
		{literal(".shop.com"), ".shop.com -> https://shop.com"},
		{literal(`^https://(www|app)\.shop\.com$`), `^https://(www|app)\.shop\.com$ -> https://www.shop.com`},
		{literal("null"), ""},
		{literal("OPTIONS:https://app.shop.com"), ""},
		{literal("true"), ""},
		{pattern(`^https?://(www|app)\.shop\.com$`), "https://www.shop.com https://app.shop.com"},
		{pattern(`^https://(.*\.)?shop.com$`), "https://shop.com"},
		{pattern(`^https://(www\.)?shop\.com$`), "https://www.shop.com https://shop.com"},
		{pattern(`^https://[a-z0-9-]+\.shop\.com(:\d+)?$`), "https://app.shop.com"},
		{pattern(`\.shop\.com$`), "https://app.shop.com"},
		{pattern(`shop\.com`), "https://shop.com"},
		{pattern(`^https://.*$`), "https://example.com"},
		{pattern(`^https://app\.shop\.com/`), "https://app.shop.com/ -> https://app.shop.com"},
		{pattern(`^app\.shop\.com$`), "app.shop.com -> https://app.shop.com"},
		{pattern(`^http://localhost(:\d+)?$`), "http://localhost"},
		{pattern(`^(?!x)https://app\.shop\.com$`), ""}, // an expression that only a backtracking engine reads
		{pattern(`(`), ""},
		{policy.Mention{Kind: policy.MentionPrefix, Text: "https://app.shop"}, "https://app.shop"},
		{policy.Mention{Kind: policy.MentionSuffix, Text: ".shop.com"}, "https://app.shop.com"},
		{policy.Mention{Kind: policy.MentionReflected}, ""},
	}
	for _, test := range tests {
		var got []string
		for _, m := range meanings(&test.mention) {
			text := m.Origin
			if m.Text != m.Origin {
				text = m.Text + " -> " + m.Origin
			}
			got = append(got, text)
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%q: %q, want %q", test.mention.Text, got, test.want)
		}
	}
}

func candidates(mentions ...policy.Mention) []Candidate {
	var all []Meaning
	for i := range mentions {
		all = append(all, meanings(&mentions[i])...)
	}
	return strangers(all)
}

func TestStrangers(t *testing.T) {
	tests := []struct {
		mention policy.Mention
		want    string // those made for the test; "!" marks the foreign ones
	}{
		{literal("https://app.shop.com"), ""},
		{literal("http://app.shop.com"), "http http://app.shop.com"},
		{literal("http://localhost:3000"), "loopback http://localhost:3000"},
		{literal("http://[::1]:3000"), "loopback http://[::1]:3000"},
		{pattern(`^https://(www|app)\.shop\.com$`), ""},
		{pattern(`^https?://app\.shop\.com$`), "http http://app.shop.com"},
		{pattern(`^https://app\.shop\.com`), "suffix! https://app.shop.com.attacker.example, port https://app.shop.com:8443"},
		{pattern(`^https://.*shop\.com$`), "prefix! https://attackershop.com, subdomain https://other.shop.com"},
		{pattern(`app\.shop\.com$`), "http http://app.shop.com, prefix https://other.attackerapp.shop.com, subdomain https://other.app.shop.com"},
		{pattern(`^https://www.shop\.com$`), "dot! https://wwwxshop.com"},
		{pattern(`^https://a.b\.shop\.com$`), "dot https://axb.shop.com"},
		{pattern(`^https://shop.com$`), ""}, // nobody can register under "shopxcom"
		{pattern(`^https://shop.co\.uk$`), "dot! https://shopxco.uk"},
		{pattern(`^https://[a-z]+\.shop\.com$`), "subdomain https://other.shop.com"},
		{pattern(`^https://[a-z-]+\.github\.io$`), "public-suffix! https://attacker.github.io"},
		{pattern(`^https://shop-.*\.vercel\.app$`), "public-suffix! https://shop-attacker.vercel.app"},
		{literal("https://*.shop.com"), "subdomain https://other.shop.com"},
		{literal("https://shop.*"), "suffix! https://shop.com.attacker.example, port https://shop.com:8443"},
		{policy.Mention{Kind: policy.MentionSuffix, Text: "shop.com"}, "http http://shop.com, prefix! https://attackershop.com, subdomain https://other.shop.com"},
		{policy.Mention{Kind: policy.MentionPrefix, Text: "https://shop.com"}, "suffix! https://shop.com.attacker.example, port https://shop.com:8443"},
	}
	for _, test := range tests {
		var got []string
		for _, c := range candidates(test.mention) {
			if c.Of == nil {
				continue
			}
			text := string(c.Bypass) + " " + c.Origin
			if c.Foreign {
				text = string(c.Bypass) + "! " + c.Origin
			}
			got = append(got, text)
		}
		slices.Sort(got)
		want := strings.Split(test.want, ", ")
		slices.Sort(want)
		if strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("%q:\n got %q\nwant %q", test.mention.Text, got, want)
		}
	}
}

// A trusted domain's owner is no stranger, whichever test lets its pages in.
func TestForeignKnowsTheWholeLayer(t *testing.T) {
	for _, c := range candidates(pattern(`^https://www.shop\.com$`), literal("https://wwwxshop.com")) {
		if c.Bypass == BypassDot {
			t.Errorf("the layer means %s itself", c.Origin)
		}
	}
	for _, c := range candidates(pattern(`^https://www.shop\.com$`), literal("https://app.wwwxshop.com")) {
		if c.Foreign && c.Bypass == BypassDot {
			t.Errorf("%s belongs to a domain that the layer names", c.Origin)
		}
	}
}

func FuzzStrangers(f *testing.F) {
	for _, seed := range []string{`^https://(.*\.)?shop.com$`, "https://*.shop.com", `((((((a*)*)*){9}){9}){9})`, "[^a]", `(?i)\p{L}+\.com`,
		"https://[::1]", "https://xn--a", ".", "^", "*", "*.*.*.*", "https://" + strings.Repeat("a.", 200)} {
		f.Add(seed, uint8(policy.MentionPattern), false)
		f.Add(seed, uint8(policy.MentionLiteral), true)
	}
	f.Fuzz(func(t *testing.T, text string, kind uint8, fold bool) {
		m := policy.Mention{Kind: policy.MentionKind(kind%6 + 1), Text: text, FoldCase: fold, Dialect: policy.PCRE}
		found := meanings(&m)
		if len(found) > maxMeanings {
			t.Errorf("%d meanings", len(found))
		}
		for _, meaning := range found {
			if _, err := browser.ParseOrigin(meaning.Origin); err != nil {
				t.Errorf("%q means %v", text, err)
			}
		}
		accepts := acceptor(&m)
		for _, c := range strangers(found) {
			if _, err := browser.ParseOrigin(c.Origin); err != nil && c.Origin != "null" {
				t.Errorf("%q: %v", text, err)
			}
			if c.Of != nil && !accepts(c.Origin) {
				t.Errorf("%q does not accept %s", text, c.Origin)
			}
		}
	})
}
