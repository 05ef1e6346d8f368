package apigateway

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// Texts that are small and mean a lot come to an end soon, and whatever is left out is said.
func TestHostile(t *testing.T) {
	resources := "Resources:\n  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Body: {openapi: 3.0.1, paths: %s}}}\n"
	bomb := "a0: &a0 {x: y}\n"
	for i := range 60 {
		bomb += fmt.Sprintf("a%d: &a%d {b: *a%d, c: *a%d}\n", i+1, i+1, i, i)
	}
	conditions := "Conditions:\n  C0: !Equals [!Ref P, x]\n"
	mappings := "Mappings:\n"
	for i := range 60 {
		conditions += fmt.Sprintf("  C%d: !And [!Condition C%d, !Condition C%d]\n", i+1, i, i)
		mappings += fmt.Sprintf("  M%d: {a: {b: !Join ['', [!FindInMap [M%d, a, b], !FindInMap [M%d, a, b]]]}}\n", i, i+1, i+1)
	}
	locals := "locals {\n  l0 = \"x\"\n"
	for i := range 60 {
		locals += fmt.Sprintf("  l%d = \"${local.l%d}${local.l%d}\"\n", i+1, i, i)
	}
	variables := "service: a\nprovider: {name: aws}\ncustom:\n  c0: x\n"
	for i := range 60 {
		variables += fmt.Sprintf("  c%d: ${self:custom.c%d}${self:custom.c%d}\n", i+1, i, i)
	}
	many := "{"
	for i := range maxMethods + 100 {
		many += fmt.Sprintf("/p%d: {get: {x-amazon-apigateway-integration: {type: mock}}}, ", i)
	}
	tests := []struct{ name, file, text string }{
		{"alias bomb", "t.yaml", bomb + fmt.Sprintf(resources, "*a60")},
		{"self alias", "t.yaml", fmt.Sprintf(resources, "&a {/x: *a}")},
		{"nested schemas", "t.yaml", fmt.Sprintf(resources, "{/x: {get: "+strings.Repeat("{items: ", 5000)+"{}"+strings.Repeat("}", 5000)+"}}")},
		{"conditions", "t.yaml", conditions + fmt.Sprintf(resources, "!If [C60, {}, {/x: {}}]")},
		{"mappings", "t.yaml", mappings + "Resources:\n  U: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: x, Cors: {AllowOrigins: [!FindInMap [M0, a, b]]}}}\n"},
		{"locals", "main.tf", locals + "}\nresource \"aws_lambda_function_url\" \"u\" {\n  function_name = \"f\"\n  cors { allow_origins = [local.l60] }\n}\n"},
		{"variables", "serverless.yml", variables + "functions:\n  f: {events: [{http: {path: '${self:custom.c60}', method: get, cors: {origin: '${self:custom.c60}'}}}]}\n"},
		{"brackets", "main.tf", "resource \"aws_s3_bucket\" \"b\" { x = " + strings.Repeat("(", 100_000)},
		{"operators", "main.tf", "resource \"aws_s3_bucket\" \"b\" { x = " + strings.Repeat("!", 400_000) + "true }"},
		{"ternaries", "main.tf", "resource \"aws_lambda_function_url\" \"b\" { function_name = " + strings.Repeat("false ? 1 : ", 15_000) + "2 }"},
		{"sums", "main.tf", "resource \"aws_lambda_function_url\" \"b\" { function_name = " + strings.Repeat("1 + ", 50_000) + "2 }"},
		{"many methods", "t.yaml", fmt.Sprintf(resources, many+"}")},
		{"long template", "t.yaml", fmt.Sprintf(resources, "{/x: {options: {x-amazon-apigateway-integration: {type: mock, requestTemplates: {application/json: '{statusCode: 200}'}, responses: {default: {statusCode: 200, responseTemplates: {application/json: '"+
			strings.Repeat("#if($a)", 3000)+"#set($context.responseOverride.header.A = $a)'}}}}}}}")},
		{"loops", "t.yaml", fmt.Sprintf(resources, "{/x: {options: {x-amazon-apigateway-integration: {type: mock, requestTemplates: {application/json: '{statusCode: 200}'}, responses: {default: {statusCode: 200, responseTemplates: {application/json: '"+
			strings.Repeat("#foreach($a in [1,2,3,4,5,6,7,8,9])", 15)+"#set($context.responseOverride.header.A = $a)"+strings.Repeat("#end", 15)+"'}}}}}}}")},
		{"duplicate keys", "t.json", `{"Resources": {"A": {"Type": "AWS::Lambda::Url"}, "A": {"Type": "AWS::Lambda::Url", "Properties": {"Cors": {"AllowOrigins": ["*"]}, "Cors": {}}}}}`},
		{"tab", "t.yaml", "Resources:\n\tApi: {Type: AWS::ApiGateway::RestApi}\n"},
		{"mark", "t.yaml", "\ufeff" + fmt.Sprintf(resources, "{/x: {get: {}}}")},
		{"binary", "t.yaml", "Resources:\n  \x00\x01AWS::ApiGateway::"},
		{"mark of Terraform", "main.tf", "\ufeffresource \"aws_lambda_function_url\" \"u\" { function_name = \"é\" }\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			began := time.Now()
			files := treeOf(txtar.File{Name: test.file, Data: []byte(test.text)})
			if _, ok := (reader{files: files}).Scan(files[test.file]); !ok {
				t.Fatal("not recognised")
			}
			r := files.load(test.file)
			checkSpans(t, r, files)
			text := findings(r)
			t.Log(time.Since(began), text[:min(len(text), 300)])
			if took := time.Since(began); took > 2*time.Minute {
				t.Errorf("took %v", took)
			}
			if len(r.Hosts) == 0 && len(r.Problems) == 0 && !strings.Contains(test.name, "mark") {
				t.Error("nothing is said")
			}
		})
	}
}
