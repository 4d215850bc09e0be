package docker_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// image is a busybox of the test's own, imported for this run.
var image = fmt.Sprintf("gantry-test-busybox:%d", os.Getpid()) // set once, read by tests

func TestMain(m *testing.M) {
	if err := importImage(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if out, err := exec.Command("docker", "rmi", "-f", image).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "remove %s: %v: %s\n", image, err, out)
		code = 1
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// importImage makes an image of the static busybox, without any registry.
func importImage() error {
	program, err := os.ReadFile("/bin/busybox")
	if err != nil {
		return fmt.Errorf("no static busybox: install it with: apt-get install busybox-static: %w", err)
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, dir := range []string{"bin/", "tmp/", "mnt/", "etc/"} {
		_ = w.WriteHeader(&tar.Header{Name: dir, Mode: 0o1777, Typeflag: tar.TypeDir})
	}
	_ = w.WriteHeader(&tar.Header{Name: "bin/busybox", Mode: 0o755, Size: int64(len(program))})
	_, _ = w.Write(program)
	for name := range strings.FieldsSeq("sh sleep cat echo env id hostname nc httpd yes head trap kill dd nproc test mount tail ls wget") {
		_ = w.WriteHeader(&tar.Header{Name: "bin/" + name, Linkname: "busybox", Typeflag: tar.TypeSymlink, Mode: 0o777})
	}
	if err := w.Close(); err != nil {
		return err
	}
	cmd := exec.Command("docker", "import", "-", image)
	cmd.Stdin = &archive
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("no Docker engine: install it with: apt-get install docker.io, and start dockerd: %w: %s", err, out)
	}
	return nil
}
