package ordertest

import (
	"strconv"

	"foyer/internal/idgen"
)

// Public is the id of a key as refusals of the tests name it.
func (*World) Public(kind idgen.Kind, id int64) string {
	return string(kind) + "_" + strconv.FormatInt(id, 10)
}
