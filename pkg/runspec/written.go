package runspec

import "github.com/gantry-mesos/gantry/pkg/resource"

// Written holds amounts as their user wrote them, in whole units, where they are
// finer than the thousandths that Mesos knows. The key is where the amount stands
// in the definition's JSON: "/cpus", "/container/volumes(0)/persistent/size". It
// says what to show and nothing else: what is placed, counted and sent to Mesos are
// the amounts themselves. A definition whose amounts are thousandths has none.
type Written map[string]float64

// Note keeps f as what was written at path, if its amount does not tell.
func (w *Written) Note(path string, f float64) {
	if resource.FromFloat(f).Float() == f {
		delete(*w, path)
		return
	}
	if *w == nil {
		*w = Written{}
	}
	(*w)[path] = f
}

// Show returns amount s, which stands at path, as it was written. What was written
// of an amount that has changed since is of no account.
func (w Written) Show(path string, s resource.Scalar) float64 {
	if f, ok := w[path]; ok && resource.FromFloat(f) == s {
		return f
	}
	return s.Float()
}
