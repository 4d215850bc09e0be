package minicluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const viewMax = 10 * time.Second

// FillSandbox puts a file of so many bytes into the sandbox of an executor, as a task would that writes too much. An
// agent with the disk/du isolator and a disk quota then ends the executor.
func (c *Cluster) FillSandbox(n int, frameworkID, executorID string, bytes int64) error {
	node, err := c.agent(n)
	if err != nil {
		return err
	}
	a := node.current.Load()
	if a == nil || !node.running() {
		return fmt.Errorf("fill a sandbox of agent %d: %w", n, ErrNotRunning)
	}
	ctx, cancel := context.WithTimeout(context.Background(), viewMax)
	defer cancel()
	v, err := a.View(ctx)
	if err != nil {
		return fmt.Errorf("fill a sandbox of agent %d: %w", n, err)
	}
	for _, f := range v.Frameworks {
		for _, e := range f.Executors {
			if f.Info.GetID().GetValue() == frameworkID && e.Info.ExecutorID.Value == executorID {
				return fill(filepath.Join(e.Directory, "filler"), bytes)
			}
		}
	}
	return fmt.Errorf("executor %s of framework %s on agent %d: %w", executorID, frameworkID, n, ErrUnknown)
}

// fill writes real blocks: the size of a sparse file would not count.
func fill(path string, bytes int64) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	block := make([]byte, 1<<20)
	for bytes > 0 && err == nil {
		n := min(bytes, int64(len(block)))
		_, err = f.Write(block[:n])
		bytes -= n
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("fill %s: %w", path, err)
	}
	return nil
}
