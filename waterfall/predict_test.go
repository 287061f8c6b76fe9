package waterfall_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// notFound is a run in which user fails: it cuts ads short, and page never begins.
const notFound = `
	0 group home
	0 declare user
	0 ready user
	0 start user
	0 declare ads
	0 ready ads
	0 start ads
	0 declare page deps user ads
	30 end user Failed user: not found
	30 end ads Canceled ads: context canceled
	30 end page Skipped page skipped: user: not found
	30 close home Failed user: not found`

// going is one in which all goes well; ads takes so long, and pictures are loaded in it
// after a while.
func going(ads, picture int) string {
	end := max(30, ads+picture)
	return fmt.Sprintf(`
	0 group home
	0 declare user
	0 ready user
	0 start user
	0 declare ads
	0 ready ads
	0 start ads
	0 declare page deps user ads
	30 end user
	%[1]d group pictures in ads
	%[1]d declare picture
	%[1]d ready picture
	%[1]d start picture
	%[1]d block ads on pictures
	%[2]d end picture
	%[2]d close pictures
	%[2]d resume ads
	%[2]d end ads
	%[3]d ready page on ads
	%[3]d start page
	%[4]d end page
	%[4]d close home`, ads, ads+picture, end, end+10)
}

func others(t testing.TB, scripts ...string) *waterfall.Sample {
	t.Helper()
	var runs []*waterfall.Run
	for _, s := range scripts {
		runs = append(runs, record(t, s))
	}
	s, err := waterfall.NewSample(runs...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What a run has cut short goes on as in other runs: as the median of those in which it
// took as long at least, with the tasks that it declares then.
func TestPredictTakesWhatOthersTook(t *testing.T) {
	run := record(t, notFound)
	for _, test := range []struct {
		name   string
		others []string
		want   time.Duration
		says   string
	}{
		{"none", nil, 95 * ms, "ads, whose context had ended, takes as long again"},
		{"itself", []string{notFound}, 95 * ms, "ads, whose context had ended, takes as long again"},
		{"one", []string{going(50, 20)}, 80 * ms, "ads takes 50 ms, from 1 other run; so page 10 ms, from 1 and ads/picture 20 ms, from 1"},
		{"the median", []string{going(90, 20), going(40, 10), going(45, 15)}, 70 * ms, "ads takes 45 ms, from 3 other runs"},
		{"too short", []string{going(10, 20), going(20, 20), going(60, 10)}, 90 * ms, "ads takes 60 ms, from 1 other run"},
	} {
		p, err := others(t, test.others...).Predict(run, waterfall.Drop("user"))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if test.want != p.Makespan && len(test.others) > 0 && !slices.Equal(test.others, []string{notFound}) {
			t.Errorf("%s: Makespan = %v, want %v\n%s", test.name, p.Makespan, test.want, p.Run.Text(80, false))
		}
		if says := strings.Join(p.Assumes, "\n"); !strings.Contains(says, test.says) {
			t.Errorf("%s: Assumes = %q, want %q in it", test.name, says, test.says)
		}
		if err := p.Run.Validate(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// A prediction of no change is the run, whatever others say.
func TestPredictNoChange(t *testing.T) {
	run := record(t, notFound)
	p, err := others(t, going(50, 20), going(60, 10)).Predict(run)
	if err != nil || p.Makespan != run.Makespan || len(p.Assumes) > 0 {
		t.Errorf("Predict() = %v, %q, %v; want %v", p.Makespan, p.Assumes, err, run.Makespan)
	}
}

// What the run has never come to can be changed, if others have.
func TestPredictOfWhatNeverWas(t *testing.T) {
	run, known := record(t, notFound), others(t, going(50, 20))
	p, err := known.Predict(run, waterfall.Drop("user"), waterfall.Speed("picture", .5))
	if err != nil || p.Makespan != 70*ms {
		t.Errorf("Predict(picture) = %v, %v; want 70ms", p, err)
	}
	if _, err := run.WhatIf(waterfall.Speed("picture", .5)); err == nil {
		t.Error("WhatIf of a task that is not there: no error")
	}
}

// What a body declares after the end of its context never begins; where that does not end,
// it begins, as in other runs.
func TestPredictBeginsWhatCameTooLate(t *testing.T) {
	race := func(first time.Duration) *waterfall.Run {
		return recordBubble(t, func(_ context.Context, g *asap.Group) {
			g.Race("mirror",
				func(context.Context) (int, error) { time.Sleep(first); return 1, nil },
				func(ctx context.Context) (int, error) {
					time.Sleep(40 * ms)
					in := asap.New(ctx)
					in.Do("inner", deafly(20*ms))
					time.Sleep(10 * ms)
					return 2, in.Wait()
				})
		})
	}
	run := race(30 * ms)
	known, err := waterfall.NewSample(race(200 * ms))
	if err != nil {
		t.Fatal(err)
	}
	p, err := known.Predict(run, waterfall.Speed("mirror[0]", -9))
	if err != nil || p.Makespan != 300*ms || p.Run.Task("mirror").End() != 60*ms || p.Run.Task("inner").Took() != 20*ms {
		t.Errorf("Predict() = %v, want that mirror[1] wins after 60 ms\n%s", err, p.Run.Text(80, false))
	}
}
