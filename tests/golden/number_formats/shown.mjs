// What two other programs show of numbers in number formats: numfmt (borgar) and SSF (SheetJS).
// npm install numfmt@4.0.1 ssf@0.11.2 && node shown.mjs > shown.csv
import { format } from "numfmt";
import SSF from "ssf";

const formats = [
  "General", "@", "0", "0.00", "#,##0", "#,##0.00", "0%", "0.00%", "0.0\\%", '0.0"%"', "0\\%", '0"%"%',
  "General;[Red]-0%", "0%;[Red]-0%", "0.0%;-0.0%;0", "0.00E+00", "##0.0E+0", "# ?/?", "# ??/??", "# ?/8", "?/?",
  "0,", "0.0,", "#,##0.00,,", '0.0,"k"', '#,##0,,"M"', '0" M"', "000", "00000000", "0000-0000", "00\\.00\\.00",
  "0000\\ 0000", '"NL"000000', '000"-A"', "#", "#,###", "#.##", "0.##", "#0.0#", "0;-0", "0;0", "0;[Red]0", "0;(0)",
  "#,##0_);(#,##0)", "#,##0.00_);[Red](#,##0.00)", '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ',
  '_(* #,##0_);_(* \\(#,##0\\);_(* "-"_);_(@_)', '_ "€" * #,##0.00_ ;_ "€" * -#,##0.00_ ;_ "€" * "-"??_ ;_ @_ ',
  '[$€-413] #,##0.00', '[$€-2] #,##0.00;[Red][$€-2] -#,##0.00', "[$EUR ]#,##0", '"$"#,##0.00', "€ 0", '0.0 "kg"', '0 "uur"',
  ";;;", "0;;", "0;-0;;@", '0;-0;"n.v.t."', '"ja";"nee";"geen"', '[=1]"ja";[=0]"nee";General', '[>=1000]0,"k";0',
  "[<0]-0;0", "[<0]0;0", "[<100]0;0", "[>1]0.0;[<0]-0.0;0%", "[Blue]0;[Color 3]-0", "0- ", "+0;-0;0", "[$-409]0.0", "00.0",
  "000.00%", "???", "?0.0?", "0.0_%", "0*-",
];
const values = [0, 1, 5, 40, 100, 1234561, 12345.678, 1234567.89, 0.5, 0.25, 0.05, 0.333, 0.00012, -5, -0.25, -12345.678];
const cell = (text) => '"' + String(text).replaceAll('"', '""') + '"';
const shown = (program) => { try { return program(); } catch { return "(refused)"; } };

console.log("format,value,numfmt,ssf");
for (const code of formats)
  for (const value of values)
    console.log([cell(code), value, cell(shown(() => format(code, value, { throws: true }))), cell(shown(() => SSF.format(code, value)))].join(","));
