package conf

import "strings"

// luaBlock is how the names of the directives end whose block lua-nginx-module reads itself.
const luaBlock = "_by_lua_block"

// luaEnd returns where the } stands that ends the Lua code at the start of code, -1 if there is none. Like
// lua-nginx-module's own lexer (ngx_http_lua_lex.c) it counts braces outside strings, long brackets and comments.
func luaEnd(code string) int {
	depth := 1
	for i := 0; i < len(code); {
		switch c := code[i]; c {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		case '"', '\'':
			size := luaString(code[i:])
			if size < 0 {
				return -1
			}
			i += size
			continue
		case '[':
			if size := longBracket(code[i:]); size != 0 {
				if size < 0 {
					return -1
				}
				i += size
				continue
			}
		case '-':
			if !strings.HasPrefix(code[i:], "--") {
				break
			}
			size := longBracket(code[i+2:])
			if size < 0 {
				return -1
			}
			if size == 0 {
				if size = strings.IndexByte(code[i+2:], '\n'); size < 0 {
					return -1
				}
			}
			i += 2 + size
			continue
		}
		i++
	}
	return -1
}

// luaString returns the length of the quoted string at the start of code, -1 if it does not end.
func luaString(code string) int {
	for i := 1; i < len(code); i++ {
		switch code[i] {
		case '\\':
			i++
		case code[0]:
			return i + 1
		}
	}
	return -1
}

// longBracket returns the length of the [[...]] or [=[...]=] at the start of code: 0 if there is none, -1 if it does
// not end.
func longBracket(code string) int {
	if !strings.HasPrefix(code, "[") {
		return 0
	}
	level := 1
	for level < len(code) && code[level] == '=' {
		level++
	}
	if level == len(code) || code[level] != '[' {
		return 0
	}
	shut := "]" + code[1:level] + "]"
	i := strings.Index(code[level:], shut)
	if i < 0 {
		return -1
	}
	return level + i + len(shut)
}
