package waterfall_test

// scripts are runs of every sort; each has a golden file per rendering.
var scripts = map[string]string{
	"readme": readme,
	"empty":  "0 group nothing\n5 close nothing",
	"failed": `
		0 group checkout
		0 declare user
		0 ready user
		0 start user
		0 declare config
		0 ready config
		0 start config
		0 declare cart deps user
		0 declare page deps cart config
		40 end config
		100 end user Failed user: not found
		100 end cart Skipped cart skipped: user: not found
		100 end page Skipped page skipped: user: not found
		100 close checkout Failed user: not found`,
	"limit": `
		0 group limited limit 1
		0 declare a
		0 ready a
		0 start a
		0 declare b
		0 ready b
		0 declare c
		0 ready c
		0 declare d deps a
		30 end a
		30 start b
		30 ready d on a
		70 end b
		70 start c
		90 end c
		90 start d
		100 end d
		100 close limited`,
	"nested": `
		0 group storefront
		0 declare user
		0 ready user
		0 start user
		20 end user
		0 declare checkout deps user
		20 ready checkout on user
		20 start checkout
		20 group payment in checkout
		20 declare stock
		20 ready stock
		20 start stock
		20 declare charge deps stock
		20 block checkout on payment
		50 end stock
		50 ready charge on stock
		50 start charge
		110 end charge
		110 close payment
		110 resume checkout
		120 end checkout
		120 close storefront`,
	"wide": `
		0 group 商品頁
		0 declare 価格
		0 ready 価格
		0 start 価格
		0 declare é́tat
		0 ready é́tat
		0 start é́tat
		0 declare 👩‍👩‍👧_family
		0 ready 👩‍👩‍👧_family
		0 start 👩‍👩‍👧_family
		0 declare 🇫🇷
		0 ready 🇫🇷
		0 start 🇫🇷
		0 declare a_very_long_name_that_will_not_fit_at_all_価格価格価格価格価格
		0 ready a_very_long_name_that_will_not_fit_at_all_価格価格価格価格価格
		0 start a_very_long_name_that_will_not_fit_at_all_価格価格価格価格価格
		10 end 価格
		20 end é́tat
		30 end 👩‍👩‍👧_family
		40 end 🇫🇷
		50 end a_very_long_name_that_will_not_fit_at_all_価格価格価格価格価格
		50 close 商品頁`,
	"short": `
		0 group short
		0 declare slow
		0 ready slow
		0 start slow
		0 declare quick
		0 ready quick
		0 start quick
		0.0003 end quick
		0 declare zero
		0 ready zero
		0 start zero
		0 end zero
		500 declare late
		500 ready late
		500 start late
		500.2 end late
		1000 end slow
		1000 close short`,
	"cycle": `
		0 group loop
		0 declare user
		0 ready user
		0 start user
		0 declare profile
		0 ready profile
		0 start profile
		10 block user on profile
		20 block profile on user
		20 resume profile
		20 end profile Failed profile: cycle: profile → user → profile
		20 resume user
		20 end user Failed user: profile: cycle: profile → user → profile
		20 close loop Failed profile: cycle: profile → user → profile`,
	"map": `
		0 group feed
		0 declare posts
		0 ready posts
		0 start posts
		0 declare likes limit 2 deps posts
		10 end posts
		10 ready likes on posts
		10 declare likes[0] in likes
		10 ready likes[0]
		10 start likes[0]
		10 declare likes[1] in likes
		10 ready likes[1]
		10 start likes[1]
		10 declare likes[2] in likes
		10 ready likes[2]
		20 end likes[0]
		20 start likes[2]
		25 end likes[1]
		45 end likes[2]
		45 end likes
		0 declare price
		0 ready price
		0 start price
		5 end price
		0 declare price/2
		0 ready price/2
		0 start price/2
		7 end price/2
		45 close feed`,
}
