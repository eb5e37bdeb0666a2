package journal

// Rewind makes the lane's head in memory what it was n entries ago, as after a commit
// that happened and was reported as broken. Call it on the writer's goroutine.
func (j *Journal) Rewind(r Row) {
	j.n = r.N
	copy(j.head[:], r.Hash)
	j.Sealed(false)
}
