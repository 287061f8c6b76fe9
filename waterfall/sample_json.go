package waterfall

import (
	"bytes"
	"cmp"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// The JSON of a sample, version 1.

const sampleVersion = 1

type jsonSample struct {
	Asap    string        `json:"asap"`
	Version int           `json:"version"`
	Name    string        `json:"name,omitzero"`
	Seen    int           `json:"seen"`
	Runs    []jsonSampled `json:"runs"`
}

type jsonSampled struct {
	Weight float64        `json:"weight,omitzero"`
	Run    jsontext.Value `json:"run"`
}

// WriteJSON writes the sample for [ReadSample]: an object that begins with
// "asap":"sample", "version":1, and has the "name" of the groups, how many runs were
// "seen", and "runs", each with the "weight" of how many it stands for, absent if that is
// itself, and the "run" as [JSON] has it.
func (s *Sample) WriteJSON(w io.Writer) error {
	j := jsonSample{Asap: "sample", Version: sampleVersion, Name: s.name, Seen: s.seen, Runs: make([]jsonSampled, len(s.runs))}
	for i, r := range s.runs {
		b, err := json.Marshal(r.run.json(), jsontext.AllowInvalidUTF8(true))
		if err != nil {
			return err
		}
		j.Runs[i].Run = b
		if r.class > 0 {
			j.Runs[i].Weight = r.weight
		}
	}
	b, err := json.Marshal(&j, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return err
	}
	_, err = w.Write(lines(b))
	return err
}

// ReadSample reads many runs of groups of one name, to the end of r: runs as [JSON]
// writes them, one after the other, which stand each for itself, or what
// [Sample.WriteJSON] has written. What is wrong it says with a *[ReadError]. Runs that
// have not ended are left out.
func ReadSample(r io.Reader) (*Sample, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	s := new(Sample)
	d := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true))
	for {
		raw, err := d.ReadValue()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, at(data, err)
		}
		start := d.InputOffset() - int64(len(raw))
		var kind struct {
			Asap string `json:"asap"`
		}
		read := s.readSample
		if json.Unmarshal(raw, &kind) != nil || kind.Asap != "sample" {
			read = func(data []byte) error { return s.readRun(data, 1, true) }
		}
		if read(raw) != nil { // again, to say where
			if err := read(inPlace(data, start, raw)); err != nil {
				return nil, err
			}
		}
	}
	if len(s.runs) == 0 {
		return nil, newReadError(data, int64(len(data)), errors.New("here is no run that has ended"))
	}
	return s, nil
}

// inPlace is a value of data on the line on which it is there.
func inPlace(data []byte, start int64, raw []byte) []byte {
	lines := bytes.Count(data[:start], []byte("\n"))
	return append(bytes.Repeat([]byte("\n"), lines), raw...)
}

// readSample adds the runs of a sample.
func (s *Sample) readSample(data []byte) error {
	var j jsonSample
	if err := json.Unmarshal(data, &j, json.RejectUnknownMembers(true)); err != nil {
		return cmp.Or(otherKind(data, "sample", sampleVersion), at(data, err))
	}
	if err := (head{j.Asap, j.Version}).otherKind(data, "sample", sampleVersion); err != nil {
		return err
	}
	switch {
	case int64(j.Seen) > 1e15:
		return placed(data, "/seen", errors.New("these are more runs than there can be"))
	case j.Seen < len(j.Runs):
		return placed(data, "/seen", fmt.Errorf("%d runs were seen, and %d are here", j.Seen, len(j.Runs)))
	}
	s.seen += j.Seen
	for i, r := range j.Runs {
		p := jsontext.Pointer("/runs/" + strconv.Itoa(i))
		if r.Weight < 0 || r.Weight > 1e15 || math.IsNaN(r.Weight) {
			return placed(data, p+"/weight", errors.New("a weight is not negative, and at most 1e15"))
		}
		if s.readRun(r.Run, r.Weight, r.Weight == 0) != nil {
			_, start := find(data, p+"/run")
			if err := s.readRun(inPlace(data, max(0, start), r.Run), r.Weight, r.Weight == 0); err != nil {
				return err
			}
		}
		if r.Weight == 0 {
			s.seen--
		}
	}
	return nil
}

// readRun adds a run of a weight, or one that stands for itself.
func (s *Sample) readRun(data []byte, weight float64, itself bool) error {
	run, err := ReadJSON(bytes.NewReader(data))
	switch {
	case err != nil:
		return err
	case !run.Ended:
		return nil
	case len(s.runs) > 0 && run.Name != s.name:
		return placed(data, "/name", fmt.Errorf("a run of %q among those of %q; want runs of one name", told(run.Name), told(s.name)))
	}
	s.name = run.Name
	class := 0
	if itself {
		weight = 1
		s.seen++
	} else {
		k := Kept{Makespan: run.Makespan}
		class = 1 + k.power()
	}
	s.add(run, weight, class)
	return nil
}
