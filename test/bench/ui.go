package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/gantry-mesos/gantry/scheduler"
	"github.com/gantry-mesos/gantry/scheduler/ui"
)

// uiFigures measures the web page: how many bytes it is, and how long a browser takes
// from the address to the list of very many Apps.
func uiFigures(s *session) error {
	size, err := pageBytes()
	if err != nil {
		return err
	}
	s.report("ui/bytes", float64(size), "bytes")
	apps, instances, agents := 10_000, 10, 1000
	if s.small {
		apps, instances, agents = 50, 2, 10
	}
	return withApps(s, apps, instances, agents, func(url string) error {
		took, err := firstPicture(url, apps, s.runs)
		if err == nil {
			s.report(fmt.Sprintf("ui/apps=%d/first-picture", apps), milliseconds(took), "milliseconds")
		}
		return err
	})
}

// withApps calls f while so many Apps run, with so many instances each.
func withApps(s *session, apps, instances, agents int, f func(url string) error) (err error) {
	dir, err := os.MkdirTemp("", "gantry-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	c, cluster, err := fleet(agents)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.end()) }()
	d, err := schedule(c, func(cfg *scheduler.Config) { cfg.StateDir = dir })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.end()) }()
	s.progress("creating %d apps of %d instances", apps, instances)
	if err := createMany(d, apps, instances); err != nil {
		return err
	}
	return f(d.url)
}

// pageBytes is what all files of the page are together, compressed as they are sent.
func pageBytes() (int, error) {
	p, err := ui.New(ui.Options{})
	if err != nil {
		return 0, err
	}
	total := counter(0)
	for _, name := range p.Files() {
		r, err := http.NewRequest(http.MethodGet, "/ui/"+name, http.NoBody)
		if err != nil {
			return 0, err
		}
		z, err := gzip.NewWriterLevel(&total, gzip.BestSpeed)
		if err != nil {
			return 0, err
		}
		p.ServeHTTP(answer{http.Header{}, z}, r)
		if err := z.Close(); err != nil {
			return 0, err
		}
	}
	return int(total), nil
}

// counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// answer takes the body of an answer.
type answer struct {
	header http.Header
	io.Writer
}

func (a answer) Header() http.Header { return a.header }
func (a answer) WriteHeader(int)     {}

// pictureMax bounds the wait for the list.
const pictureMax = time.Minute

// firstPicture is the shortest time, of several, from an address to the list of the
// Apps with their health on the screen, in a browser that has seen the page before.
func firstPicture(url string, apps, runs int) (time.Duration, error) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		return 0, fmt.Errorf("the web page is measured in a browser: %w. Install it with: apt-get install chromium", err)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox,
		chromedp.WindowSize(1280, 900), chromedp.Flag("disable-dev-shm-usage", true), chromedp.WSURLReadTimeout(pictureMax))...)
	defer stop()
	browser, cancel := chromedp.NewContext(allocator)
	defer cancel()
	if err := chromedp.Do(browser); err != nil {
		return 0, fmt.Errorf("start chromium: %w", err)
	}
	var best time.Duration
	for n := range runs + 1 {
		took, err := picture(browser, url, apps)
		if err != nil {
			return 0, err
		}
		if n > 0 && (best == 0 || took < best) {
			best = took
		}
	}
	return best, nil
}

// picture is the time from an address to the list, as the browser's own clock has it.
func picture(browser context.Context, url string, apps int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(browser, pictureMax)
	defer cancel()
	shown := fmt.Sprintf(`document.querySelector('[role="status"].faint')?.textContent.replace(/\D/g, "") === "%d" && document.querySelectorAll(".rows-body .row").length > 5`, apps)
	drawn := fmt.Sprintf(`new Promise((done) => {
		const look = () => (%s) ? requestAnimationFrame(() => setTimeout(() => done(performance.now()))) : requestAnimationFrame(look);
		look();
	})`, shown)
	if err := chromedp.Do(ctx, chromedp.Navigate(url+"/ui/apps")); err != nil {
		return 0, fmt.Errorf("open the page: %w", err)
	}
	ms, err := chromedp.Run(ctx, chromedp.Evaluate[float64](drawn, chromedp.EvalAwaitPromise))
	if err != nil {
		return 0, fmt.Errorf("wait for the list of %d apps: %w", apps, err)
	}
	return time.Duration(ms * float64(time.Millisecond)), nil
}
