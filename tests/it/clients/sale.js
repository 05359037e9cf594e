// A sale as npm's receiptline prints it: the library's own bytes to FILE and to the printer at
// PORT: sale.js PORT FILE COMMAND ENCODING LANGUAGE.
const fs = require('fs');
const net = require('net');
const receiptline = require('receiptline');

const [port, file, command, encoding, language] = process.argv.slice(2);
const sales = {
    en: `^^^BEAN & LEAF
12 Linden Street
Order JS-0042 | 2026-11-23 12:30
{width:*,8}
1 x Flat white | 3.80
2 x Croissant | 4.60
-
^TOTAL EUR | ^8.40
{code:https://cafe.example/menu;option:qrcode,3,l}
=`,
    ja: `^^^喫茶みなみ
東京都港区一丁目
伝票番号 42 | 2026年11月23日 12:30
{width:*,8}
珈琲 | ¥380
ケーキ | ¥460
-
^合計 | ^¥840
=`,
};
const printed = receiptline.transform(sales[language], { cpl: 42, command, encoding, cutting: true });
const bytes = Buffer.from(printed, 'binary');
fs.writeFileSync(file, bytes);
const till = net.connect(Number(port), '127.0.0.1', () => till.end(bytes));
till.resume();
