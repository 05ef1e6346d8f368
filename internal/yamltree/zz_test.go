package yamltree
import ("testing";"fmt";"errors";yaml "go.yaml.in/yaml/v4";"time";"strings")
func dump(n *yaml.Node, d int){ fmt.Printf("%*s k=%d tag=%s v=%q style=%d @%d:%d\n", d*2,"", n.Kind,n.Tag,n.Value,n.Style,n.Line,n.Column); for _,c:=range n.Content{dump(c,d+1)}}
func TestZ(t *testing.T){
 for _,s:=range []string{"\ufeffé: ü\nb: 😀x: 1\n", "a: é z\r\nb: [é, 2]\r\n", "a: \"x\u2028y\"\nb: 1\n", "a: 1\rb: 2\n", "a: \"\u0085\"\nb: 2\n","é: !!str é\nk: &x é\nl: *x\nm: |\n  foo\n  bar\nn: >-\n  q\n  r\n\no: 'it''s'\n", "{\"a\": \"é\", \"b\": [1,2]}", "", "# only\n", "a:\n\tb: 1\n", "a: 1\na: 2\n", "a: é: b\n", "---\na: 1\n---\nb: 2\n", "a:\nb: ~\n? c\n: d\n? [x]\n: y\n<<: {q: 1}\n", "a: !Sub é\nb: !Ref\n  c: d\n", "a: \x01\n", "a: \xff\n", "\xff\xfea\x00:\x00 \x001\x00", "\tx: 1", "a: [1, 2", "a: &q\n  - *q\n", "%YAML 1.1\n---\na: yes\n","- 1\n-\n- \n-   x\n", "a: *nope\n"} {
  var docs []yaml.Node
  err:=yaml.Load([]byte(s),&docs,yaml.WithAllDocuments())
  fmt.Printf("=== %q -> %d err=%v\n", s,len(docs), err)
  var le *yaml.LoadError
  if errors.As(err,&le){fmt.Printf("   stage=%v msg=%q mark=%+v ctx=%q %+v\n", le.Stage,le.Message,le.Mark,le.ContextMsg,le.ContextMark)}
  for i:=range docs {dump(&docs[i],1)}
 }
 for _,s:=range []string{strings.Repeat("[",100000), strings.Repeat("a:\n ",5), strings.Repeat("- ",100000), strings.Repeat("{a: ",9000), "a: "+strings.Repeat("x ",2000000), strings.Repeat("? ",50000), strings.Repeat("&a ", 10000), strings.Repeat("# c\n",500000), strings.Repeat("'a': 1\n",100000), strings.Repeat("\"", 1000001), strings.Repeat("*a ",100000), "["+strings.Repeat("a,",1000000)+"]", strings.Repeat(" ",1000000)+"a: 1", strings.Repeat("a: |\n x\n",100000),  "[" + strings.Repeat("{},", 200000), strings.Repeat("[],\n", 1), "{"+strings.Repeat("? a : b,",100000)+"}", strings.Repeat("\n",2000000)+"a: 1", strings.Repeat("%FOO\n",100000), strings.Repeat("%TAG !a! b\n",30000),strings.Repeat("---\n",100000)} {
  st:=time.Now(); var n yaml.Node
  err:=yaml.Load([]byte(s),&n); es:=fmt.Sprint(err); if len(es)>100{es=es[:100]}
  fmt.Printf("%.20q len=%d %v %s\n", s,len(s),time.Since(st),es)
 }
}
