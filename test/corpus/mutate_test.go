package corpus

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// odd are values that no member expects, or hardly.
var odd = []string{
	"null", `""`, "0", "-1", "1.5", "1e308", "9223372036854775807", "true", "[]", "{}", `"\u0000"`, `"/"`, `"../.."`, `"web"`, `"/waits"`, `"*"`, `"host"`,
	`"2026-03-01T12:00:00.000Z"`, "[[]]", `[null]`, `{"":null}`, `"(((("`, `["hostname","LIKE","("]`, `{"secret":"s"}`, "65536", `"ä\ud83d\ude00"`, "4294967296",
}

// mutated returns an example in which up to three values are others, are gone or
// are there twice; or, when it is no JSON, cut off.
func mutated(rng *rand.Rand, example string) []byte {
	var doc any
	if json.Unmarshal([]byte(example), &doc) != nil {
		return []byte(example[:rng.IntN(len(example)+1)])
	}
	for range rng.IntN(4) {
		doc = mutate(rng, doc)
	}
	if rng.IntN(8) == 0 {
		doc = []any{doc, doc}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		panic("what was read cannot be written: " + err.Error())
	}
	return out
}

// mutate goes down to some value and exchanges it.
func mutate(rng *rand.Rand, v any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 || rng.IntN(6) == 0 {
			break
		}
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		name := names[rng.IntN(len(names))]
		switch rng.IntN(8) {
		case 0:
			delete(v, name)
		case 1:
			v[strings.ToUpper(name)] = v[name]
		default:
			v[name] = mutate(rng, v[name])
		}
		return v
	case []any:
		if len(v) == 0 || rng.IntN(6) == 0 {
			break
		}
		n := rng.IntN(len(v))
		if rng.IntN(4) == 0 {
			return append(v, v[n])
		}
		v[n] = mutate(rng, v[n])
		return v
	}
	var other any
	if err := json.Unmarshal([]byte(odd[rng.IntN(len(odd))]), &other); err != nil {
		panic("an odd value is no JSON: " + err.Error())
	}
	return other
}

func TestMutationsAreRepeatable(t *testing.T) {
	t.Parallel()
	const example = `{"id":"/a","env":{"A":"b","C":"d"},"ports":[1,2,3],"container":{"docker":{"image":"i"}}}`
	changed := 0
	for seed := range uint64(50) {
		a, b := mutated(rand.New(rand.NewPCG(seed, 1)), example), mutated(rand.New(rand.NewPCG(seed, 1)), example)
		if string(a) != string(b) {
			t.Fatalf("seed %d: got %s and %s", seed, a, b)
		}
		if string(a) != example {
			changed++
		}
	}
	if changed < 20 {
		t.Errorf("got %d changed of 50, want most", changed)
	}
}
