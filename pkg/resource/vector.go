package resource

// Vector is an amount of each scalar resource that Gantry places by. Memory
// and disk count in MiB. The zero value is nothing.
type Vector struct {
	CPUs, Mem, Disk, GPUs Scalar
}

// Fits reports whether v is covered by free in every resource.
func (v Vector) Fits(free Vector) bool {
	return v.CPUs <= free.CPUs && v.Mem <= free.Mem && v.Disk <= free.Disk && v.GPUs <= free.GPUs
}

// Add returns v + w.
func (v Vector) Add(w Vector) Vector {
	return Vector{v.CPUs + w.CPUs, v.Mem + w.Mem, v.Disk + w.Disk, v.GPUs + w.GPUs}
}

// Sub returns v - w; the result may be negative.
func (v Vector) Sub(w Vector) Vector {
	return Vector{v.CPUs - w.CPUs, v.Mem - w.Mem, v.Disk - w.Disk, v.GPUs - w.GPUs}
}

// Max returns the larger amount of each resource.
func (v Vector) Max(w Vector) Vector {
	return Vector{max(v.CPUs, w.CPUs), max(v.Mem, w.Mem), max(v.Disk, w.Disk), max(v.GPUs, w.GPUs)}
}

// Scale returns v n times.
func (v Vector) Scale(n int64) Vector {
	s := Scalar(n)
	return Vector{v.CPUs * s, v.Mem * s, v.Disk * s, v.GPUs * s}
}

// IsZero reports whether v is nothing.
func (v Vector) IsZero() bool { return v == Vector{} }
