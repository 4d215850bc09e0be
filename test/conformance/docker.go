package conformance

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// imageLock keeps cases that run side by side from building the same image twice.
var imageLock sync.Mutex //nolint:gochecknoglobals // one engine for all cases

// imageLabel marks images that were built here; the version changes with their content.
const (
	imageLabel   = "conformance.image"
	imageVersion = "1"
)

// provideImages builds the images that a case names and that the engine does not have, from the static busybox of
// this machine. Images whose name says that they do not exist are left alone.
func provideImages(tb testing.TB, images []string) {
	tb.Helper()
	for _, image := range images {
		if !strings.HasPrefix(image, "busybox") && !strings.HasPrefix(image, "alpine") {
			continue
		}
		imageLock.Lock()
		err := provideImage(image)
		imageLock.Unlock()
		if err != nil {
			tb.Fatal(err)
		}
	}
}

func provideImage(image string) error {
	if err := exec.Command("docker", "version").Run(); err != nil {
		return fmt.Errorf("no Docker engine answers (%w): apt-get install docker.io and start dockerd", err)
	}
	// An image of this name that was made otherwise, for example with a password file, would change what tasks see.
	label, err := exec.Command("docker", "image", "inspect", "--format", "{{index .Config.Labels \""+imageLabel+"\"}}", image).Output()
	if err == nil && strings.TrimSpace(string(label)) == imageVersion {
		return nil
	}
	var busybox []byte
	for _, path := range []string{"/bin/busybox", "/usr/bin/busybox"} {
		if busybox, err = os.ReadFile(path); err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("no busybox to build image %s of: apt-get install busybox-static", image)
	}
	root, err := busyboxRoot(busybox)
	if err != nil {
		return err
	}
	cmd := exec.Command("docker", "import", "--change", "ENV PATH=/bin", "--change", "LABEL "+imageLabel+"="+imageVersion, "-", image)
	cmd.Stdin = bytes.NewReader(root)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("import image %s: %w: %s", image, err, out)
	}
	return nil
}

// busyboxRoot is the archive of a root file system with busybox under all its names.
func busyboxRoot(busybox []byte) ([]byte, error) {
	names, err := exec.Command("busybox", "--list").Output()
	if err != nil {
		return nil, fmt.Errorf("list applets of busybox: %w", err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	add := func(h *tar.Header, content []byte) {
		if err == nil {
			h.Size = int64(len(content))
			err = w.WriteHeader(h)
		}
		if err == nil {
			_, err = w.Write(content)
		}
	}
	for _, dir := range []string{"bin", "sbin", "usr", "usr/bin", "usr/sbin", "tmp", "etc", "mnt", "mnt/mesos", "mnt/mesos/sandbox", "root", "var"} {
		add(&tar.Header{Name: dir + "/", Typeflag: tar.TypeDir, Mode: 0o755}, nil)
	}
	add(&tar.Header{Name: "bin/busybox", Typeflag: tar.TypeReg, Mode: 0o755}, busybox)
	for name := range strings.FieldsSeq(string(names)) {
		if name != "busybox" {
			add(&tar.Header{Name: "bin/" + name, Typeflag: tar.TypeSymlink, Linkname: "/bin/busybox", Mode: 0o777}, nil)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make root file system: %w", err)
	}
	return b.Bytes(), w.Close()
}
