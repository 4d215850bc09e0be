package discovery

// ordinals hands out the numbers that no instance of an App has.
type ordinals struct {
	used map[int]bool
	low  int
}

func ordinalsOf(rows []row) *ordinals {
	o := &ordinals{used: make(map[int]bool, len(rows))}
	for n := range rows {
		o.used[rows[n].ordinal] = true
	}
	return o
}

// next is the lowest free number, which is used from now on.
func (o *ordinals) next() int {
	for o.used[o.low] {
		o.low++
	}
	o.used[o.low] = true
	return o.low
}
