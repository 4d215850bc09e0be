package placement_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets the property tests try more than rapid does by itself; they are quick.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "300"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
