"""Sales as python-escpos prints them: the library's own bytes to FILE, and to the printer at HOST
and PORT, which is asked for its status first: sale.py HOST PORT FILE."""

import sys

from escpos.printer import Dummy, Network


def sale(printer):
    printer.set(align="center", bold=True, double_width=True, double_height=True)
    printer.textln("CAFÉ CRÈME")
    printer.set_with_default()
    printer.textln("12 rue des Lilas, 75011 Paris")
    printer.textln("Order PY-0042   2026-11-23 12:30")
    for name, amount in [("1 x Crème brûlée", "3.80"), ("2 x Œuf dur", "4.60")]:
        printer.textln(f"{name:<24}{amount:>8}")
    printer.set(bold=True)
    printer.textln(f"{'TOTAL EUR':<24}{'8.40':>8}")
    printer.set_with_default()
    printer.textln("Merci, à bientôt")
    printer.barcode("4006381333931", "EAN13", height=64, width=2)
    printer.qr("https://cafe.example/menu", native=True)
    printer.cashdraw(2)
    printer.cut()


host, port, file = sys.argv[1:]
plain = Dummy(profile="TM-T88II")
sale(plain)
with open(file, "wb") as out:
    out.write(plain.output)
till = Network(host, int(port), timeout=10, profile="TM-T88II")
if not till.is_online() or till.paper_status() != 2:
    sys.exit("the printer is offline or has no paper")
sale(till)
till.close()
