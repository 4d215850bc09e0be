package ui

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var pictures = flag.String("pictures", "", "directory to write the pictures of docs/ui.md to")

// TestPictures draws the pictures of the manual: pages of a cluster in which tenants
// share what there is, and something waits.
func TestPictures(t *testing.T) {
	t.Parallel()
	if *pictures == "" {
		t.Skip("make ui-pictures draws the pictures of docs/ui.md")
	}
	g, _ := mini(t, "--agents", "6", "--queue", "/prod:weight=2")
	for _, a := range []struct {
		id        string
		instances int
		needs     string
	}{
		{"/monitor/probe", 6, `"cpus": 0.1, "mem": 64, "constraints": [["hostname", "UNIQUE"]]`},
		{"/prod/web", 7, `"cpus": 0.8, "mem": 512`}, {"/prod/api/users", 4, `"cpus": 0.6, "mem": 700`}, {"/prod/api/orders", 3, `"cpus": 1, "mem": 600`},
		{"/batch/reports", 5, `"cpus": 0.7, "mem": 900`}, {"/data/cache", 3, `"cpus": 0.3, "mem": 1400`},
	} {
		g.must(http.MethodPost, "/v2/apps", fmt.Sprintf(`{"id": %q, "cmd": %q, "instances": %d, %s}`, a.id, forever, a.instances, a.needs))
		g.settled(a.id, a.instances)
	}
	g.must(http.MethodPost, "/v2/apps", `{"id": "/batch/training", "cmd": "`+forever+`", "instances": 3, "cpus": 3.5, "mem": 2048}`)
	p := blank(t, g.url)
	p.do(chromedp.EmulateViewport(1120, 640))
	for name, c := range map[string]place{
		"overview": {"", []string{"/batch/training", "needs 3.5", "/monitor"}},
		"waits":    {"apps/batch/training", []string{"Why", "insufficient cpus", "None fits"}},
		"agents":   {"agents", []string{"6 agents", "/data"}},
		"sharing":  {"sharing", []string{"/prod", "Jain's index", "/data"}},
	} {
		p.open(c.path)
		p.sees(c.shows...)
		small := smaller(t, p.shot())
		if len(small) > 60_000 {
			t.Errorf("the picture %s has %d bytes, want at most 60,000", name, len(small))
		}
		if err := os.WriteFile(filepath.Join(*pictures, name+".png"), small, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// smaller writes a picture with no more colours than it needs: at most 256, which is
// plenty for a page.
func smaller(t *testing.T, data []byte) []byte {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := full.Bounds()
	counts := map[color.RGBA]int{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			counts[coarse(full.At(x, y))]++
		}
	}
	palette := color.Palette{}
	for len(palette) < 256 && len(counts) > 0 {
		most := color.RGBA{}
		for c, n := range counts {
			if n > counts[most] || n == counts[most] && c.R < most.R {
				most = c
			}
		}
		palette = append(palette, most)
		delete(counts, most)
	}
	out := image.NewPaletted(b, palette)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.Set(x, y, coarse(full.At(x, y)))
		}
	}
	var buf bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&buf, out); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// coarse leaves of a colour what an eye tells apart.
func coarse(c color.Color) color.RGBA {
	r, g, b, _ := c.RGBA()
	step := func(v uint32) uint8 { return uint8(min(255, (v>>8+4)/8*8)) }
	return color.RGBA{step(r), step(g), step(b), 255}
}
