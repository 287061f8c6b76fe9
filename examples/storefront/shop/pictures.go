package shop

import (
	"html/template"
	"strings"

	"github.com/asap-go/asap/examples/storefront/store"
)

// pictures has a drawing of each noun of the catalogue, 100 by 100: a is the
// colour of the finish, b darker, c lighter, s a dark line. They are
// constants, so nothing that a product says gets into the markup.
var pictures = map[string]template.HTML{
	"Mug":            `<circle class="s" cx="65" cy="53" r="10"/><rect class="a" x="30" y="34" width="35" height="40" rx="5"/><ellipse class="b" cx="47.5" cy="35" rx="17.5" ry="4"/>`,
	"Kettle":         `<path class="s" d="M34 40c0-22 32-22 32 0"/><path class="a" d="M28 74c-4-24 6-36 22-36s26 12 22 36z"/><path class="b" d="M70 52l16-8-3 12-12 8z"/><circle class="b" cx="50" cy="36" r="4"/>`,
	"Bowl":           `<path class="a" d="M20 46h60c0 18-12 29-24 29H44c-12 0-24-11-24-29z"/><ellipse class="b" cx="50" cy="46" rx="30" ry="7"/><ellipse class="c" cx="50" cy="47" rx="22" ry="4"/>`,
	"Chopping Board": `<rect class="a" x="26" y="32" width="48" height="46" rx="6"/><rect class="a" x="43" y="18" width="14" height="20" rx="6"/><circle class="c" cx="50" cy="25" r="3.5"/><path class="s thin" d="M34 46h32M34 58h24"/>`,
	"Pepper Mill":    `<path class="a" d="M40 78l4-26-3-12h18l-3 12 4 26z"/><rect class="b" x="38" y="76" width="24" height="6" rx="2"/><path class="b" d="M38 40c0-14 24-14 24 0z"/><circle class="c" cx="50" cy="24" r="5"/>`,
	"Desk Lamp":      `<path class="s" d="M38 76L30 50l24-18"/><path class="a" d="M48 24l14-8 16 24-26 6z"/><ellipse class="b" cx="40" cy="78" rx="20" ry="5"/><path class="glow" d="M54 46l22-6 8 22-26 4z"/>`,
	"Pendant":        `<path class="s" d="M50 6v30"/><path class="a" d="M24 60c0-16 12-26 26-26s26 10 26 26z"/><path class="glow" d="M28 62h44l10 24H18z"/><ellipse class="b" cx="50" cy="60" rx="26" ry="4"/>`,
	"Lantern":        `<path class="s" d="M38 28c0-16 24-16 24 0"/><path class="b" d="M34 34l6-8h20l6 8z"/><rect class="c" x="36" y="34" width="28" height="40"/><path class="flame" d="M50 44c6 8 7 12 7 16a7 7 0 0 1-14 0c0-4 1-8 7-16z"/><path class="s thin" d="M36 34v40M64 34v40"/><rect class="b" x="32" y="74" width="36" height="6" rx="2"/>`,
	"Floor Lamp":     `<path class="s" d="M50 36v46"/><path class="a" d="M38 14h24l8 24H30z"/><path class="glow" d="M30 38h40l8 20H22z"/><ellipse class="b" cx="50" cy="84" rx="16" ry="4"/>`,
	"Night Light":    `<circle class="glow" cx="50" cy="48" r="34"/><path class="a" d="M30 62c-4-30 8-40 20-40s24 10 20 40z"/><rect class="b" x="30" y="60" width="40" height="14" rx="4"/>`,
	"Stool":          `<path class="s" d="M36 44l-8 38M64 44l8 38M33 64h34"/><ellipse class="a" cx="50" cy="40" rx="26" ry="8"/><ellipse class="c" cx="50" cy="38" rx="20" ry="4"/>`,
	"Armchair":       `<path class="s" d="M30 76v8M70 76v8"/><rect class="b" x="28" y="22" width="44" height="40" rx="12"/><rect class="a" x="18" y="44" width="16" height="34" rx="7"/><rect class="a" x="66" y="44" width="16" height="34" rx="7"/><rect class="c" x="32" y="54" width="36" height="22" rx="5"/>`,
	"Bench":          `<path class="s" d="M22 58v24M78 58v24"/><rect class="b" x="14" y="32" width="72" height="8" rx="3"/><path class="s thin" d="M22 40v12M50 40v12M78 40v12"/><rect class="a" x="12" y="50" width="76" height="10" rx="4"/>`,
	"Rocker":         `<path class="s" d="M16 80c20 8 48 8 68-2"/><path class="s" d="M34 58l-4 26M66 58l4 24M34 58L28 18"/><path class="a" d="M28 56h42v8H28z"/><path class="b" d="M24 16h9l8 40h-9z"/><path class="s thin" d="M40 44h28v14"/>`,
	"Cushion":        `<path class="a" d="M22 26c18 5 38 5 56 0 5 0 5 3 3 6-4 14-4 26 0 38 2 4 0 6-3 6-18-5-38-5-56 0-4 0-5-2-3-6 4-12 4-24 0-38-2-3-2-6 3-6z"/><path class="s thin" d="M34 40c10 4 22 4 32 0M34 60c10-4 22-4 32 0"/>`,
	"Basket":         `<path class="s" d="M30 44c0-30 40-30 40 0"/><path class="a" d="M20 44h60l-8 36H28z"/><path class="s thin" d="M24 56h52M26 68h48M40 46l2 32M60 46l-2 32"/>`,
	"Shelf":          `<rect class="c" x="26" y="24" width="8" height="24"/><rect class="b" x="36" y="20" width="9" height="28"/><rect class="a" x="47" y="27" width="7" height="21"/><path class="b" d="M58 46l6-22 7 2-6 22z"/><rect class="a" x="14" y="48" width="72" height="8" rx="2"/><path class="s" d="M24 56v14l12-14M76 56v14L64 56"/>`,
	"Crate":          `<rect class="a" x="18" y="30" width="64" height="48" rx="3"/><path class="s thin" d="M18 46h64M18 62h64"/><rect class="c" x="40" y="35" width="20" height="7" rx="3"/><path class="b" d="M18 30h7v48h-7zM75 30h7v48h-7z"/>`,
	"Hook Rail":      `<rect class="a" x="12" y="34" width="76" height="14" rx="4"/><path class="s" d="M26 44v14c0 8 10 8 10 0M46 44v14c0 8 10 8 10 0M66 44v14c0 8 10 8 10 0"/>`,
	"Cabinet":        `<path class="s" d="M28 82v6M72 82v6"/><rect class="a" x="20" y="16" width="60" height="66" rx="4"/><path class="s thin" d="M50 18v62"/><circle class="c" cx="45" cy="50" r="2.5"/><circle class="c" cx="55" cy="50" r="2.5"/>`,
	"Notebook":       `<rect class="a" x="28" y="18" width="46" height="62" rx="4"/><path class="b" d="M28 22a4 4 0 0 1 4-4h5v62h-5a4 4 0 0 1-4-4z"/><rect class="c" x="45" y="30" width="22" height="12" rx="2"/><path class="s thin" d="M66 18v62"/>`,
	"Pen Pot":        `<path class="s" d="M44 46L38 16M54 46V14M60 46l8-26"/><path class="a" d="M32 42h38l-3 38H35z"/><ellipse class="b" cx="51" cy="43" rx="19" ry="4"/>`,
	"Clock":          `<circle class="a" cx="50" cy="50" r="32"/><circle class="c" cx="50" cy="50" r="25"/><path class="s" d="M50 34v16l12 8"/>`,
	"Tray":           `<path class="b" d="M14 46h72l-6 20H20z"/><ellipse class="a" cx="50" cy="46" rx="36" ry="10"/><ellipse class="c" cx="50" cy="47" rx="28" ry="6"/><circle class="s thin" cx="44" cy="46" r="4"/><path class="s thin" d="M48 46h12v3"/>`,
	"Bookend":        `<path class="a" d="M62 24h10v50H34v-8h28z"/><rect class="b" x="26" y="30" width="9" height="36"/><rect class="c" x="37" y="26" width="11" height="40"/><rect class="b" x="50" y="34" width="9" height="32"/>`,
	"Planter":        `<path class="leaf" d="M50 50c-22-4-26-20-24-30 14 2 24 12 24 30zM50 50c18-2 26-14 26-26-16 0-26 10-26 26z"/><path class="a" d="M30 50h40l-5 32H35z"/><rect class="b" x="26" y="46" width="48" height="9" rx="3"/>`,
	"Watering Can":   `<path class="s" d="M36 44c-2-24 30-24 28 2M62 60l18-20"/><path class="a" d="M28 44h36l2 36H26z"/><path class="b" d="M74 36l12-6 2 12-8 4z"/><ellipse class="b" cx="46" cy="44" rx="18" ry="4"/>`,
	"Trowel":         `<path class="c" d="M50 88c-12-10-14-22-12-34h24c2 12 0 24-12 34z"/><path class="s" d="M50 54V42"/><rect class="a" x="45" y="14" width="10" height="30" rx="5"/>`,
	"Bird House":     `<path class="s" d="M50 76v16"/><path class="c" d="M28 42h44v36H28z"/><path class="a" d="M50 14l32 30H18z"/><circle class="b" cx="50" cy="54" r="8"/><path class="s thin" d="M50 68v4"/>`,
	"Deck Chair":     `<path class="s" d="M24 82L66 26M34 34l42 48M22 66h50"/><path class="a" d="M62 22l8 5c-6 22-20 36-44 40l-4-8c22-4 34-16 40-37z"/>`,
	"Throw":          `<path class="a" d="M22 26h52c8 0 8 10 0 10H30v38H22z"/><path class="c" d="M30 36h46v34H30z"/><path class="s thin" d="M30 46h46M30 58h46M34 72v8M44 72v8M54 72v8M64 72v8M73 72v8"/>`,
	"Towel":          `<path class="s" d="M16 24h68"/><path class="a" d="M30 22h40v54H30z"/><path class="c" d="M30 60h40v6H30z"/><path class="b" d="M30 22h8v54h-8z"/>`,
	"Rug":            `<path class="a" d="M24 34h58L72 72H14z"/><path class="c" d="M31 41h40l-6 24H25z"/><path class="b" d="M48 44l12 9-14 9-10-9z"/>`,
	"Curtain":        `<path class="s" d="M12 18h76"/><path class="a" d="M18 20h30c0 24-6 44-22 58h-8z"/><path class="b" d="M82 20H52c0 24 6 44 22 58h8z"/>`,
	"Apron":          `<path class="s thin" d="M40 30c0-22 20-22 20 0"/><path class="a" d="M38 28h24v14c6 6 10 8 12 10v30H26V52c2-2 6-4 12-10z"/><rect class="b" x="37" y="58" width="26" height="14" rx="2"/>`,
	"Soap Dish":      `<rect class="c" x="32" y="38" width="36" height="16" rx="8"/><path class="a" d="M16 52h68c0 12-10 20-22 20H38c-12 0-22-8-22-20z"/><circle class="glow" cx="68" cy="30" r="5"/><circle class="glow" cx="78" cy="38" r="3"/>`,
	"Mirror":         `<ellipse class="a" cx="50" cy="48" rx="28" ry="36"/><ellipse class="c" cx="50" cy="48" rx="22" ry="30"/><path class="shine" d="M36 52l18-26M42 62l24-34"/>`,
	"Bath Mat":       `<rect class="a" x="14" y="34" width="72" height="36" rx="8"/><rect class="c" x="22" y="41" width="56" height="22" rx="5"/><path class="s thin" d="M18 74v5M34 74v5M50 74v5M66 74v5M82 74v5"/>`,
	"Towel Ring":     `<circle class="b" cx="50" cy="20" r="7"/><circle class="s" cx="50" cy="40" r="18"/><path class="a" d="M36 52h28v34H36z"/><path class="c" d="M36 74h28v5H36z"/>`,
	"Toothbrush Cup": `<path class="s" d="M44 48L36 16M58 48l8-30"/><rect class="c" x="32" y="12" width="9" height="12" rx="2"/><path class="a" d="M32 46h38l-4 36H36z"/><ellipse class="b" cx="51" cy="46" rx="19" ry="4"/>`,
}

const plain = template.HTML(`<rect class="a" x="26" y="30" width="48" height="46" rx="6"/><path class="s thin" d="M26 46h48M50 30v46"/>`)

// picture draws a product in its finish.
func picture(p store.Product) template.HTML {
	noun := strings.TrimSpace(strings.TrimPrefix(p.Name, p.Finish))
	if svg, ok := pictures[noun]; ok {
		return svg
	}
	return plain // a parcel
}
