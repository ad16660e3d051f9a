# The reference of the colour check: what bars of red, green and blue are in luma and chroma, rounded, and what comes back.
#
#   awk -f color-bars.awk -v matrix=709 -v range=limited -v bits=8 -v what=geq    lum, cb and cr for ffmpeg's filter geq
#   awk -f color-bars.awk -v matrix=709 -v range=limited -v bits=8 -v what=rgb    a line a bar: red green blue, 0 to 255
#
# With `wide=1` the bars are in BT.2020's primaries, and come back in BT.709's.
function round(x) { return x < 0 ? -int(0.5 - x) : int(x + 0.5) }
function clip(x) { return x < 0 ? 0 : x > 1 ? 1 : x }
function bar(i,   level, floor) {
  # White, yellow, cyan, green, magenta, red, blue, black at three quarters; those of a wide gamut paler, to be within both.
  level = 0.75; floor = wide ? 0.35 : 0
  r = index("WYMR", substr("WYCGMRBK", i + 1, 1)) ? level : floor
  g = index("WYCG", substr("WYCGMRBK", i + 1, 1)) ? level : floor
  b = index("WCMB", substr("WYCGMRBK", i + 1, 1)) ? level : floor
}
# BT.1886 for a screen whose black is a thousandth of its white, which is what libplacebo takes a standard one for.
function light(v,   black) { black = 0.001 ^ (1 / 2.4); return ((1 - black) * v + black) ^ 2.4 }
function value(l,   black) { black = 0.001 ^ (1 / 2.4); return clip(((l > 0 ? l : 0) ^ (1 / 2.4) - black) / (1 - black)) }
function widen(   lr, lg, lb) {
  lr = light(r); lg = light(g); lb = light(b)
  r = value(0.627403896 * lr + 0.329283039 * lg + 0.043313066 * lb)
  g = value(0.069097289 * lr + 0.919540395 * lg + 0.011362316 * lb)
  b = value(0.016391439 * lr + 0.088013308 * lg + 0.895595253 * lb)
}
function narrow(   lr, lg, lb) {
  lr = light(r); lg = light(g); lb = light(b)
  r = value(1.660491003 * lr - 0.587641139 * lg - 0.072849863 * lb)
  g = value(-0.124550475 * lr + 1.132899897 * lg - 0.008349422 * lb)
  b = value(-0.018150763 * lr - 0.100578898 * lg + 1.118729661 * lb)
}
function encode(   y) {
  y = kr * r + (1 - kr - kb) * g + kb * b
  Y = round(y * yspan + yzero)
  U = round((b - y) / (2 * (1 - kb)) * cspan + czero)
  V = round((r - y) / (2 * (1 - kr)) * cspan + czero)
}
function decode(   y, u, v) {
  y = (Y - yzero) / yspan; u = (U - czero) / cspan; v = (V - czero) / cspan
  r = clip(y + 2 * (1 - kr) * v)
  b = clip(y + 2 * (1 - kb) * u)
  g = clip((y - kr * (y + 2 * (1 - kr) * v) - kb * (y + 2 * (1 - kb) * u)) / (1 - kr - kb))
}
BEGIN {
  kr = matrix == 601 ? 0.299 : matrix == 709 ? 0.2126 : 0.2627
  kb = matrix == 601 ? 0.114 : matrix == 709 ? 0.0722 : 0.0593
  unit = 2 ^ (bits - 8); top = 2 ^ bits - 1
  yspan = range == "full" ? top : 219 * unit; yzero = range == "full" ? 0 : 16 * unit
  cspan = range == "full" ? top : 224 * unit; czero = 128 * unit
  for (i = 0; i < 8; i++) {
    bar(i)
    if (wide) widen()
    encode()
    if (what == "rgb") {
      decode()
      if (wide) narrow()
      printf "%.3f %.3f %.3f\n", 255 * r, 255 * g, 255 * b
      continue
    }
    # X is that of the plane: half as wide for chroma.
    lum = lum (i ? "+" : "") "between(X\\,W/8*" i "\\,W/8*" i + 1 "-1)*" Y
    cb = cb (i ? "+" : "") "between(X\\,W/8*" i "\\,W/8*" i + 1 "-1)*" U
    cr = cr (i ? "+" : "") "between(X\\,W/8*" i "\\,W/8*" i + 1 "-1)*" V
  }
  if (what == "geq") print "geq=lum='" lum "':cb='" cb "':cr='" cr "'"
}
