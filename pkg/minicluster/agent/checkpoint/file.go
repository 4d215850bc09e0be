package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Message is a protobuf message as the mesos-go module generates it.
type Message interface {
	Marshal() ([]byte, error)
	Unmarshal(data []byte) error
}

// recordMax bounds a record read from disk.
const recordMax = 64 << 20

// ErrDamaged is returned for a file whose content is no sequence of records.
var ErrDamaged = errors.New("checkpoint file is damaged")

// writeMessages replaces the file by the messages, each behind its length as 4 bytes, little endian.
func writeMessages(path string, messages ...Message) error {
	var buf []byte
	for _, m := range messages {
		data, err := m.Marshal()
		if err != nil {
			return fmt.Errorf("checkpoint %s: %w", path, err)
		}
		buf = binary.LittleEndian.AppendUint32(buf, uint32(len(data)))
		buf = append(buf, data...)
	}
	return writeBytes(path, buf)
}

func writeBytes(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, data, 0o644); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

func readMessage(path string, m Message) error {
	records, err := readRecords(path)
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return fmt.Errorf("%s: %w", path, ErrDamaged)
	}
	if err := m.Unmarshal(records[0]); err != nil {
		return fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	return nil
}

// readRecords splits a file into its records. A record cut off at the end, by a program killed while it wrote, is
// left out.
func readRecords(path string) ([][]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var records [][]byte
	for len(data) >= 4 {
		n := int(binary.LittleEndian.Uint32(data))
		if n > recordMax {
			return nil, fmt.Errorf("%s: %w", path, ErrDamaged)
		}
		if len(data) < 4+n {
			break
		}
		records = append(records, data[4:4+n])
		data = data[4+n:]
	}
	return records, nil
}

// appendRecord adds one record of the given kind to a log file.
func appendRecord(path string, kind byte, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	buf := binary.LittleEndian.AppendUint32(nil, uint32(len(data)+1))
	buf = append(append(buf, kind), data...)
	_, err = io.Writer(f).Write(buf)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}
