//! The words that stand beside amounts, in the languages of receipts, as flags.
//!
//! Why flags and not whole labels: tills combine the same few words freely ("TOTAL (INCLUSIVE OF
//! GST)", "Net total incl. VAT", "お買上合計"), and what a label means follows from the set of them.

use super::number::halfwidth;
use hashbrown::HashMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// A set of word classes.
pub(super) type Flags = u32;

pub(super) const TOTAL: Flags = 1;
pub(super) const SUB: Flags = 1 << 1;
pub(super) const TAX: Flags = 1 << 2;
pub(super) const DISCOUNT: Flags = 1 << 3;
pub(super) const SAVINGS: Flags = 1 << 4;
pub(super) const ROUNDING: Flags = 1 << 5;
pub(super) const SERVICE: Flags = 1 << 6;
pub(super) const TIP: Flags = 1 << 7;
pub(super) const CASH: Flags = 1 << 8;
pub(super) const CARD: Flags = 1 << 9;
pub(super) const WALLET: Flags = 1 << 10;
pub(super) const PAID: Flags = 1 << 11;
pub(super) const CHANGE: Flags = 1 << 12;
pub(super) const COUNT: Flags = 1 << 13;
pub(super) const EXCLUDING: Flags = 1 << 14;
pub(super) const INCLUDING: Flags = 1 << 15;
pub(super) const FINAL: Flags = 1 << 16;
pub(super) const AMOUNT: Flags = 1 << 17;
/// Words that qualify a total without changing what it is.
pub(super) const PLAIN: Flags = 1 << 18;
/// Points, stamps, cards' balances: numbers that are not this sale's money.
pub(super) const ASIDE: Flags = 1 << 19;
/// What a tax is computed on.
pub(super) const BASE: Flags = 1 << 20;
pub(super) const SUMMARY: Flags = 1 << 21;
/// A number that names something: order, receipt, till.
pub(super) const NAME: Flags = 1 << 22;
/// Vouchers, gift cards, deposits: a discount before the total, a payment behind it.
pub(super) const VOUCHER: Flags = 1 << 23;
/// Service or tip that the payer may leave out.
pub(super) const OPTIONAL: Flags = 1 << 24;
/// What a price with its tax is called: a column of the tax table, or the sum itself.
pub(super) const GROSS: Flags = 1 << 25;
/// A word that is none of these.
pub(super) const OTHER: Flags = 1 << 31;

/// Phrases of up to three words; `|` between them. Diacritics and case do not count.
const WORDS: &[(Flags, &str)] = &[
    (
        TOTAL,
        "total|totals|totaal|totale|toplam|gesamt|gesamtsumme|summe|gesamtbetrag|endsumme|endbetrag|totalt|suma|razem|celkem|osszesen|celkom|jumlah|jml|ttl|total ttc|tot|bonsumme|bon summe|belegsumme|rechnungssumme|kaufsumme|verkaufssumme|tischsumme|bar total|total charge|total charges|total cost|basket total|receipt total|order total|check total|bill total|sale total|your total|total order|total cuenta|total pedido|total euros|monto total|gran total|total commande|total de la note|total note|total facture|total harga|total pesanan|tagihan|total pembelian|total penjualan|total transaksi|jumlah tagihan|total nota|totale conto|totale ordine|totale generale|totale scontrino|totale vendita|totale fattura|totale lordo|jumlah jualan|jumlah bil|jumlah harga|total do pedido|valor total da nota|montante total|total do cupom|conta total|total fatura|yhteensa|summa|i alt|yht|spolu|viso|всього|сума|belop i alt|total documento|cart total|new total|tong|tong cong|tong tien|итого|итог|всего|сумма|celkova cena|ukupno|skupaj|kokku|kopa|is viso|συνολο|разом|vegosszeg|total com iva|total c iva|total c/ iva|total con iva|toplami|yekun",
    ),
    (
        TOTAL | FINAL,
        "amount due|balance due|total due|grand total|net total|nett total|final total|total payable|amount payable|to pay|zu zahlen|zahlbetrag|rechnungsbetrag|a payer|net a payer|reste a payer|da pagare|totale complessivo|importo dovuto|a pagar|total a pagar|total a payer|total net a payer|totale da pagare|totale euro|valor a pagar|importe total|odenecek|odenecek tutar|genel toplam|te betalen|do zaplaty|a regler|valor total|grand ttl|total bayar|total akhir|jumlah bayaran|jumlah besar|jumlah akhir|total belanja|total tagihan|jumlah perlu dibayar|balance to pay|total pembayaran|total amount due|montant du|total general|att betala|at betale|rounded|rounded total|total rounded|importe a pagar|total factura|total ticket|pay this amount|please pay|amount to pay|to be paid|balance payable|total after discount|after discount|amount now due|total to pay|te voldoen|maksettava|k uhrade|k uhrade celkem|celkem k uhrade|k zaplaceni|za placilo|moketi|kopa apmaksai|apmaksai|tasuda|πληρωτεο|συνολο πληρωμης|fizetendo|a betale|sum a betale|к оплате|итого к оплате|до сплати|до оплати|owing|total owing|amount owing|net bill amount|total de plata|de plata|payable|tong thanh toan|khach phai tra|phai thanh toan|saldo a pagar|solde a payer",
    ),
    (
        SUB,
        "subtotal|sub|valor dos produtos|total produtos|total articles|total articulos|subtotaal|subtotale|zwischensumme|zw summe|sous|sous total|soustotal|ara toplam|parcial|subtotals|sub total|sub jumlah|subjumlah|subtotal ht|delsumma|mellansumma|tussentotaal|sub ttl|nettosumme|warenwert|brut|teilsumme|harga jual|total bruto|total bruto de itens|total brut|mal hizmet toplam tutari|mal hizmet toplam|mal hizmet toplami|toplam tutar kdv haric|jumlah kecil|pretax total|merchandise total|valisumma|подытог|summe artikel|suma parcial|total parcial|ara tutar|total antes de descuento|total sebelum diskon|belanja",
    ),
    (
        TAX,
        "tax|taxes|i.v.a|i.v.a.|alv|ндс|пдв|ддс|φπα|fpa|t.v.a|t.v.a.|gst|vat|mwst|ust|umsatzsteuer|mehrwertsteuer|steuer|tva|iva|kdv|topkdv|ppn|pb|sst|pb1|pbjt|pajak|cukai|hst|pst|qst|btw|moms|dph|pdv|igv|iss|icms|itbis|excise|imposto|impuesto|impuestos|imposta|taxe|cgst|sgst|igst|utgst|cess|svc tax|sales tax|service tax|mva|afa|vergi|otv|qst tax|hesaplanan kdv|kdv toplami|kdv tutari|service charge tax|cukai perkhidmatan|cuota|cuota iva|tributos|impoconsumo|impuesto al consumo|imp consumo|imp al consumo|tps|tvq|tvh|ptu|gst included in|vat included in|tax included in|mwst enthalten in|total includes gst|total includes vat|total includes tax|total gst included|includes gst of|includes vat of|includes tax of",
    ),
    (
        DISCOUNT,
        "discount|discounts|ind|sofortrabatt|stammkundenrabatt|treuerabatt|mitarbeiterrabatt|personalrabatt|preisnachlass|preisnachlas|happy hour|dcto|desc|avantage|avantage fidelite|promozione|promozioni|geschaftsrabatt|kundenrabatt|disc|rabatt|nachlass|remise|reduction|sconto|sconti|descuento|descuentos|dto|desconto|descontos|indirim|iskonto|diskon|diskaun|coupon|promo|promotion|korting|rabat|potongan|less|markdown|bundle|member discount|cupon|rebate|off|rabattcoupon|promocao|promocion|offre|angebot|aktion|kampanya|toplam iskonto|toplam indirim|kupon|obniżka|znizka|sleva|kedvezmeny|alennus|rabat kwotowy",
    ),
    (
        SAVINGS,
        "savings|saving|saved|you saved|your savings|ersparnis|gespart|economie|economies|ahorro|ahorrado|risparmio|risparmiato|hemat|anda hemat|jimat|total savings|you save",
    ),
    (
        ROUNDING,
        "rounding|round|rnd|pembulatan|penggenapan|rundung|arrondi|yuvarlama|arrotondamento|redondeo|arredondamento|rounding adj|round adj|rounding adjustment|bill rounding|pembundaran|pelarasan|pelarasan pembundaran|pelarasan pengenapan|arredond|yuvarlama farki|ajuste redondeo|zaokraglenie|afronding|oresavrunding|oresutjamning",
    ),
    (
        SERVICE,
        "service|service charge|lieferkosten|liefergebuhr|versand|versandkosten|servicepauschale|servicegebuhr|gedeck|gedeckpauschale|mindermengenzuschlag|zuschlag|frais de service|frais de livraison|frais de port|emballage|couvert|envio|gastos de envio|consegna|spese di consegna|paket ucreti|kuver|taxa de entrega|entrega|biaya kirim|biaya antar|biaya admin|caj penghantaran|penghantaran|bezorgkosten|delivery chg|booking fee|convenience fee|handling fee|platform fee|packing charge|packing|serv charge|svc|svc charge|svc chg|servis|servicio|servizio|servico|bedienung|coperto|servis ucreti|cover charge|delivery|delivery fee|delivery charge|lieferung|livraison|packaging|takeaway charge|pelayanan|biaya layanan|caj perkhidmatan|perkhidmatan|bag fee|surcharge|serv chrg|taxa de servico|cubierto|ongkir|maggiorazione|supplemento servizio|suplemento terraza|suplemento|acrescimo|shipping|lieferpauschale|auto gratuity|automatic gratuity|cargo por servicio|recargo|frais de dossier",
    ),
    (
        TIP,
        "tip|tips|gratuity|trinkgeld|pourboire|mancia|propina|gorjeta|bahsis|fooi|dricks",
    ),
    (
        CASH,
        "cash|bar|barzahlung|bargeld|especes|espece|contanti|contante|efectivo|dinheiro|nakit|tunai|kas|numerario|contant|kontant|gotowka|hotove|comptant|kateinen|kontanter|gotovina|v hotovosti|hotovost|keszpenz|наличными|наличные|готівка|numerar|μετρητα|tien mat|cash tendered|cash payment|uang tunai|geld bar|en efectivo",
    ),
    (
        CARD,
        "card|visa|master|mastercard|amex|american express|debit|credit|creditcard|credit card|debit card|maestro|karte|kreditkarte|girocard|ec|ec karte|carte|cb|carte bancaire|carta|carta di credito|tarjeta|cartao|kart|kredi karti|banka karti|kredi|kartu|kad|eftpos|unionpay|jcb|diners|discover|nets|mydebit|pin|bancontact|interac|vpay|v pay|pos|edc|bancomat|elettronico|pagamento elettronico|contactless|sans contact|electronico|eletronico|kartenzahlung|cheque|check payment|scheck|assegno|cek|bank transfer|transfer|transferencia|virement|bonifico|uberweisung|havale|eft|room charge|charge to room|zimmer|zimmerrechnung|house account|maksukortti|pankkikortti|luottokortti|korttimaksu|картой|карта|безналичными|банковская карта|kartou|bankkartya|on account|city ledger|room|store credit|ticket restaurant|titre restaurant|titres restaurant|buoni pasto|meal voucher|edenred|sodexo|pluxee|carte resto|girokarte|lastschrift|kredi karti ile|temassiz|paywave|paypass|card payment|card tender|multibanco|mb|carta credit|karta|karta platnicza|bankkort|kortti|dankort|kartu kredit|kartu debit|kad kredit|tarjeta credito|credito|debito|debito electron|bank card|kaartbetaling|electron|bankomat|bankomatkarte|bankomatkartenzahlung|kartenzlg|kontaktlos|postfinance|postcard|debitkarte|pinnen|gepind|bankpas|kortbetaling|kort|przelew|ebt|snap|wic|sumup|zettle|stripe|eps|flashpay|nets flashpay|cashcard|cash card|ez link|flazz|vr|vr refeicao|vale refeicao|alelo|ticket alimentacao|yemek karti|multinet|setcard|metropol|mealcard|meal card|pluxee|swile|up dejeuner|cheque dejeuner|unionpay|banknet|rupay|mada|knet|benefit|eftpos card|tarjeta de debito|tarjeta de credito|bonifico bancario|credit note used",
    ),
    (
        WALLET,
        "alipay|wechat|wechat pay|paypal|paypay|apple pay|google pay|grabpay|touch n go|tng|boost|duitnow|gopay|ovo|dana|shopeepay|promptpay|paynow|pix|bizum|twint|qris|qr pay|kakaopay|line pay|ewallet|e wallet|mb way|satispay|payconiq|swish|mobilepay|octopus|payme|alipayhk|linkaja|truemoney|fps|quicpay|edy|nanaco|waon|suica|pasmo|icoca|icash|mae|favepay|paylah|klarna|venmo|zelle|upi|paytm|phonepe|gpay|g pay|blik|ideal|vipps|cash app|wero|linepay|au pay|aupay|applepay|googlepay|samsung pay|samsungpay|grab pay|maya|gcash|momo|zalopay|vnpay|m pesa|mpesa|mercado pago|mercadopago|non tunai|qr payment|ez pay|jkopay|fave|shopee pay|touch n go ewallet|tng ewallet|e money|cashless|sodexo app|afterpay|clearpay|revolut",
    ),
    (
        PAID,
        "paid|payment|payments|pay|pmt|tender|tendered|received|given|gegeben|erhalten|bezahlt|zahlung|betrag erhalten|paye|regle|reglement|paiement|recu|rendu sur|pagato|pagamento|ricevuto|pagado|pago|entregado|recibido|recebido|pagos|odeme|odenen|alinan|alinan para|bayar|dibayar|bayaran|diterima|terima|betaald|cash received|amount paid|amount tendered|amount received|paid amount|total paid|importo pagato|total tendered|payment amount|prijato|erhallet|mottatt|modtaget|получено|khach dua|tien khach dua|betaling|tunai diterima|dibayarkan",
    ),
    (
        CHANGE,
        "change|change due|cash change|ruckgeld|wechselgeld|zuruck|ruck|rueckgeld|rendu|rendu monnaie|a rendre|monnaie|monnaie rendue|resto|resto contanti|cambio|su cambio|vuelto|troco|para ustu|paraustu|kembali|kembalian|uang kembali|baki|wisselgeld|terug|due customer|balance change|your change|change given|reszta|vaxel|byttepenge|vaihtoraha|takaisin|tilbage|vissza|vracene|сдача|решта|rest|ρεστα|tien thoi|tien thua|vrijednost povrata|devolucion",
    ),
    (
        COUNT,
        "qty|quantity|items|item|item(s)|qty(s)|qtys|pcs|pieces|count|units|no of|number of|num items|artikel|anzahl|posten|stuck|stk|articles|articoli|articulos|unidades|itens|artigos|adet|urun|pax|covers|guests|lines|menge|barang|kuantiti|kuantitas|party size|party|persons|personen|grams|gram|weight|total weight|kg|gewicht|peso|poids|berat|litre|litres|liter|nos|stueck|quantite|quantita|cantidad|quantidade",
    ),
    (
        EXCLUDING,
        "excl|exc|ex|excluding|exclusive|exclude|excluded|net|nett|netto|neto|ht|hors|hors taxe|hors taxes|ohne|before|without|w/o|haric|gravado|neto gravado|exkl|zzgl|sebelum|taxable|pretax|pre tax|exempt|tanpa|brut ht",
    ),
    (
        INCLUDING,
        "incl|inc|including|inclusive|include|included|includes|with|inkl|incluse|inclus|incluso|inclusa|incluido|incluida|brutto|bruto|ttc|dahil|dahildir|termasuk|gross|enthalten|enth|compris|comprise|compresa|compreso|davon|dont|di cui|including tax|w tax|incl tax|bevat|inklusif|iva incl|darin|contenute|contenuta",
    ),
    (
        AMOUNT,
        "amount|amt|betrag|montant|importo|importe|valor|tutar|bedrag|nilai|belop|kwota|sum|amaun|balance|bill|saldo|kaufbetrag|zahlungsbetrag|nett amount|monto|nominal|valor liquido|tutari|net toplam|thanh tien",
    ),
    (
        PLAIN,
        "sale|sales|purchase|try|tl|brl|thb|idr|myr|sgd|cny|rmb|twd|krw|jpy|aud|cad|chf|php|vnd|hkd|nzd|inr|pln|sek|nok|dkk|czk|huf|ron|mxn|ars|clp|cop|pen|aed|sar|zar|rp|uah|ils|egp|kwd|purchases|of|the|rm|in|for|order|eur|usd|gbp|transaction|is|your|today|de|la|le|les|et|und|e|y|a|to|goods|der|die|das|des|du|el|invoice|check|due|this|lei|kc|ft|zl|kr|value|price|@|at|rate|and|compra|operacion|venta|spesa|vente|achat|achats|einkauf|(s)|s|retail|inkl.|ticket|adj|adjustment|adjustments|on|by|as|net.|customer|me|ve|merchandise",
    ),
    (
        ASIDE,
        "points|point|pts|punkte|punti|puntos|pontos|puan|poin|mata|stamps|bonus|loyalty|member|membership|card balance|allotment|remaining|starting|balance left|voucher balance|gift card balance|earned|redeemed|account|acct|account balance|prev balance|previous balance|new balance",
    ),
    (
        BASE,
        "gravada|gravadas|op gravada|op gravadas|exonerada|op exonerada|inafecta|op inafecta|base imponible|imponibile|taxable amount|tax base|net amount|nettobetrag|base|imponible|taxable sales|bemessungsgrundlage|base ht|matrah|zero rated|exempt sales|vatable|vatable sales|supplies|dpp|sprzedaz|sprzed|opod|sprzedaz opod|sprzedaz opodatkowana|sprz opod",
    ),
    (
        VOUCHER,
        "voucher|vouchers|gift card|giftcard|gift certificate|gift voucher|gutschein|geschenkkarte|geschenkgutschein|bon d achat|bons d achat|carte cadeau|cheque cadeau|buono|buono regalo|buono acquisto|carta regalo|tarjeta regalo|vale|vale regalo|cartao presente|vale presente|hediye karti|hediye ceki|kartu hadiah|voucher belanja|baucar|kad hadiah|cadeaubon|cadeaukaart|deposit|deposit paid|prepayment|advance|advance paid|anzahlung|geleistete anzahlung|acompte|arrhes|acconto|caparra|anticipo|sena|sinal|entrada|kapora|avans|uang muka|dp|wang pendahuluan|cagaran|presentkort|less deposit|deposit received|bereits gezahlt|deja regle|already paid|previously paid|paid to date",
    ),
    (
        TOTAL | FINAL,
        "amount owed|total geral|bruttosumme|bruttobetrag|totale documento|harus dibayar|yang harus dibayar|hesap toplami|total da conta|total de la cuenta|total du|montant a payer|total addition|amount owing|you owe|to be paid|payable amount|sum due|sum payable|net payable|net amount due|please pay|total now due|amount to pay|importe debido|restbetrag|rest zu zahlen|noch zu zahlen|offener betrag|restant du|resta da pagare|saldo pendiente|saldo a pagar|restante|kalan|kalan tutar|sisa|sisa tagihan|sisa bayar|baki perlu dibayar|remaining balance|outstanding|outstanding balance|still to pay|balance outstanding|due now|total to pay|you pay|total amount|total amt|total bill|totale da pagare|total zu zahlen|summe zu zahlen|zu bezahlen|endpreis|gesamtpreis|prix total|montant total|total net|total final|importe final|jumlah perlu bayar|jumlah keseluruhan|jumlah bersih|toplam tutar|odenecek toplam|net tutar|final amount|monto a pagar|total a cobrar|a cobrar|somme due|somme a payer|solde a payer|totale dovuto|totale a pagare|netto a pagare|jumlah kena bayar|amaun perlu dibayar|grand total due|vergiler dahil toplam|vergiler dahil toplam tutar|kdv dahil toplam|total con iva|total iva incluido|total tva comprise|gesamt brutto|toplam odeme",
    ),
    (
        OPTIONAL,
        "suggested|suggestion|optional|recommended|vorschlag|empfohlen|suggere|suggeree|suggerito|consigliata|sugerida|sugerido|opcional|voluntaria|onerilen|saran|cadangan|with service|with tip|incl tip|including tip|including service|inkl trinkgeld|avec pourboire|con propina",
    ),
    (GROSS, "brutto|bruto|gross|ttc|montant ttc"),
    (
        SUMMARY,
        "summary|analysis|breakdown|recap|aufstellung|recapitulatif|riepilogo|resumen|resumo|ozet|detail|details|specification|ringkasan",
    ),
    (
        NAME,
        "descricao|description|descripcion|descrizione|designation|bezeichnung|artikelbezeichnung|nazwa|aciklama|nama barang|no|no.|nr|number|num|ref|reference|id|tel|phone|fax|auth|approval|terminal|trace|batch|register|reg|station|cashier|server|date|time|zip|code|barcode|sku|plu|mid|tid|rrn|stan|aid|exp|expiry|valid|serial|account no|acc",
    ),
];

/// Phrases of scripts without spaces; the longest that stands at a place counts.
const SIGNS: &[(Flags, &str)] = &[
    (
        TOTAL,
        "合计|总计|总额|总金额|總金額|合計|總計|總額|総計|総合計|合計金額|税込合計|합계|총액|총계|총합계|합계금액|รวม|รวมทั้งหมด|ยอดรวม|现价|共计|共計|消费总额|주문합계|총주문금액|구매금액|총구매금액|총매출액|총판매금액|총결제금액|ยอดเงินรวม|มูลค่ารวม|金额合计|消费合计|账单金额|消费金额|お買上計|お買上合計|お買上|합계액|판매합계|매출합계|총금액|消费总计|账单总额|小票合计|消費總額|ご利用合計|本单合计|ทั้งหมด",
    ),
    (
        TOTAL | FINAL,
        "应收|应付|实付|应收金额|应付金额|实付金额|折后金额|应收合计|待支付|需付|ご請求額|ご請求金額|請求金額|お会計|お支払い合計|お支払合計|결제금액|받을금액|청구금액|결제대상금액|ยอดสุทธิ|รวมสุทธิ|สุทธิ|ยอดชำระ|รวมเงินทั้งสิ้น|รวมทั้งสิ้น|實付|應收|應付|應付金額|應收金額|本次应收|最终金额|付款金额",
    ),
    (
        SUB,
        "小计|小計|소계|菜品金额|商品金额|商品合计|商品总额|原价|原價|原金额|税抜合計|税抜小計|品代|주문금액|상품금액|ยอดก่อน|ราคารวม|菜品合计|菜品小计|商品原价|税前金额",
    ),
    (
        TAX,
        "税|税额|税額|消費税|内税|外税|消費税等|内消費税|内消費税等|税金|增值税|부가세|세금|부가가치세|부가세액|ภาษี|ภาษีมูลค่าเพิ่ม|稅|稅額|營業稅|内税額|外税額|うち消費税|(内消費税",
    ),
    (
        DISCOUNT,
        "红包|立减|会员立减|满赠|现金券|折扣|优惠|點數折抵|折抵|減免|减免|满减|立减|割引|値引|値引き|割引額|할인|할인금액|ส่วนลด|折讓|優惠|優惠折扣|会员优惠|优惠金额|折扣金额|抹零|クーポン|에누리|减|优惠券|促销|割引き|九折|八折|七折|六折|五折|四折|三折",
    ),
    (SAVINGS, "已优惠|共优惠|节省|省"),
    (
        VOUCHER,
        "代金券|礼品卡|礼券|購物金|禮券|定金|订金|訂金|押金|预付|預付|預付款|商品券|ギフトカード|ギフト券|お買物券|前受金|内金|手付金|상품권|기프트카드|선금|계약금|예약금|บัตรกำนัล|คูปองเงินสด|มัดจำ|เงินมัดจำ|团购券|团购|储值支付",
    ),
    (
        TOTAL | FINAL,
        "待付金额|待付|折后应付|应付款|ご利用金額|ご利用額|お支払い額|お支払額|ยอดเงินสุทธิ|ยอดรวมทั้งสิ้น|ยอดรวมสุทธิ|ยอดต้องชำระ|จำนวนเงินทั้งสิ้น|จำนวนเงินสุทธิ|价税合计|價稅合計|含税合计|含税总额|税込金額|総合計金額|お支払金額|お支払い金額|결제하실금액|내실금액|ยอดที่ต้องชำระ|จำนวนเงินรวม|รวมเงิน|รวมเป็นเงิน|应付总额|应收总额|实付总额|尾款|余款|差引|差引額|残額|お支払残額|차액|잔금|ยอดคงเหลือชำระ|ยอดค้างชำระ|差額|还需支付|仍需支付|结账金额|結帳金額|埋單|결제할금액",
    ),
    (ROUNDING, "舍入|四舍五入|端数|절사|ปัดเศษ|尾数调整"),
    (
        SERVICE,
        "外卖费|送餐费|手续费|加工费|開瓶費|开瓶费|深夜料|深夜加算|服务费|服務費|포장비|배송비|ค่าจัดส่ง|ค่าส่ง|运费|外送費|運費|サービス料|サービス|席料|お通し|봉사료|배달비|배달팁|배달료|배달요금|ค่าบริการ|餐位费|茶位费|包装费|配送费|打包费|餐盒费|加一服務費|深夜料金",
    ),
    (CASH, "人民币|人民幣|现金|現金|現計|收您|收現|현금|เงินสด"),
    (
        CARD,
        "卡|银行卡|信用卡|刷卡|会员卡支付|クレジット|クレジットカード|カード|카드|신용카드|체크카드|บัตร|บัตรเครดิต|储值卡|電子マネー|交通系|デビット|銀行卡|転送|振込|선불카드|직불카드|บัตรเดบิต",
    ),
    (
        WALLET,
        "支付宝|微信|微信支付|扫码支付|云闪付|카카오페이|네이버페이|พร้อมเพย์|街口|悠遊卡|數字人民幣|数字人民币|八達通|轉數快|消費券|支付寶|台灣pay|全支付|電子票證|行動支付|一卡通|花呗|京东支付|美团|抖音|聚合支付|银联|銀聯|楽天ペイ|楽天edy|d払い|メルペイ|コード決済|qr決済|スマホ決済|スマートコード|삼성페이|제로페이|페이코|토스|기프티콘|계좌이체|티머니|애플페이|엘페이|스마일페이|โอนเงิน|เงินโอน|ทรูมันนี่|สแกนจ่าย|คนละครึ่ง|เป๋าตัง|挂账|會員卡|会员卡",
    ),
    (
        PAID,
        "支付|实收|收款|已收|付款|收现|预收|お預り|お預かり|預り|預かり|お預り金|お預り合計|받은돈|받은금액|받은돈:|입금|받음|내신돈|รับเงิน|รับมา|ชำระ|實收|收您|实收金额|已付|お支払|支払|支払額|投入|예치금|결제|승인금액",
    ),
    (
        CHANGE,
        "找零|找回|找赎|找續|找您|お釣り|お釣|おつり|釣銭|お返し|釣り|거스름|거스름돈|잔돈|เงินทอน|ทอน|退找|找補",
    ),
    (
        COUNT,
        "ชิ้น|รายการ|ท่าน|คน|数量|总数|总数量|件数|点数|共计数量|总件数|品数|件|点|個数|수량|총수량|건수|จำนวน|จำนวนชิ้น|數量|總數量|人数|人數|項|份数|合计数量",
    ),
    (
        EXCLUDING,
        "税抜|税抜き|不含税|未税|未稅|除税|과세물품|과세금액|과세|과세합계|부가세과세|면세|공급가|공급가액|ก่อนภาษี|税抜対象|面税",
    ),
    (
        INCLUDING,
        "税込|税込み|含税|含稅|내税|うち|内|(内|포함|รวมภาษี",
    ),
    (
        AMOUNT,
        "計|จำนวนเงิน|總數|金额|金額|금액|額|总价|價格|เงิน|ราคา|价格|总|売上|お買上げ額",
    ),
    (
        ASIDE,
        "點數|点數|포인트점수|紅利|积分|积点|会员余额|余额|储值余额|ポイント|포인트|적립|잔액|คะแนน|แต้ม|卡余额|有効期限|累計|累积|利用可能|付与",
    ),
    (
        BASE,
        "공급가액|공급가|対象|対象額|課税対象|과세물품가액|課税|应税|應稅|應稅銷售額|免稅銷售額|免稅|应税销售额",
    ),
    (SUMMARY, "内訳|明细|明細"),
    (
        NAME,
        "单号|订单|编号|流水|番号|电话|電話|번호|전화|เลขที่|โทร|收银|牌号|桌|台|時間|时间|日期|工号|税号|登録番号|会員番号|単価|单价|단가|名称|商品|品名|상품",
    ),
    (
        PLAIN,
        "本|次|の|本次|今回|おお|お|計|计|元|円|원|¥|共|소비자|판매|매출|の合計|당일|本日|请|等|총|商品|折后|折後|整",
    ),
];

static LATIN: LazyLock<HashMap<String, Head>> = LazyLock::new(|| {
    let mut heads: HashMap<String, Head> = HashMap::new();
    for (phrase, flags) in table(WORDS) {
        let (word, tail) = phrase.split_once(' ').unwrap_or((&phrase, ""));
        let tail: Vec<String> = tail.split_whitespace().map(str::to_owned).collect();
        let head = heads.entry(word.to_owned()).or_default();
        head.phrases.push((tail, flags));
    }
    for head in heads.values_mut() {
        head.phrases
            .sort_by_key(|phrase| std::cmp::Reverse(phrase.0.len()));
    }
    heads
});
/// The phrases of scripts without spaces by their first characters, the longest first.
static OTHERS: LazyLock<HashMap<char, Vec<(String, Flags)>>> = LazyLock::new(|| {
    let mut all: Vec<(String, Flags)> = table(SIGNS).into_iter().collect();
    all.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
    let mut map: HashMap<char, Vec<(String, Flags)>> = HashMap::new();
    for (phrase, flags) in all {
        if let Some(first) = phrase.chars().next() {
            map.entry(first).or_default().push((phrase, flags));
        }
    }
    map
});

/// The phrases that begin with one word: the words behind it and what they mean, longest first.
#[derive(Debug, Default)]
struct Head {
    phrases: Vec<(Vec<String>, Flags)>,
}

impl Head {
    /// The longest phrase that goes on as `after` does: its flags and how many more words it has.
    fn longest(&self, after: &[&str]) -> Option<(Flags, usize)> {
        let goes_on = |tail: &[String]| {
            let beside = after.get(..tail.len());
            beside.is_some_and(|words| words.iter().zip(tail).all(|(word, own)| word == own))
        };
        let hit = self.phrases.iter().find(|phrase| goes_on(&phrase.0))?;
        Some((hit.1, hit.0.len()))
    }
}

fn table(rows: &[(Flags, &'static str)]) -> HashMap<String, Flags> {
    let mut map = HashMap::new();
    for (flags, phrases) in rows {
        for phrase in phrases.split('|') {
            *map.entry(normal(phrase)).or_insert(0) |= flags;
        }
    }
    map
}

/// A label as it is compared: lower case, half-width, no diacritics, no spaces between characters
/// of scripts that have none.
pub(super) fn normal(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    if text.chars().any(folds) {
        spaced(slowly(text).into_iter(), text.len())
    } else {
        spaced(text.chars().map(quickly), text.len())
    }
}

/// Decomposed, without diacritics, in lower case.
fn slowly(text: &str) -> Vec<char> {
    let folded = text.nfkd().filter(|c| !matches!(c, '\u{300}'..='\u{36F}'));
    let folded: String = folded.nfc().flat_map(char::to_lowercase).collect();
    folded
        .nfkd()
        .filter(|c| !matches!(c, '\u{300}'..='\u{36F}'))
        .nfc()
        .collect()
}

/// What a character of Latin-1 or Latin Extended-A is compared as, where that is one character.
static LATIN_FORMS: LazyLock<Vec<Option<char>>> = LazyLock::new(|| {
    let form = |c: char| match slowly(c.encode_utf8(&mut [0; 4])).as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    ('\0'..'\u{180}').map(form).collect()
});

fn latin_form(c: char) -> Option<char> {
    let at = usize::try_from(u32::from(c)).ok()?;
    LATIN_FORMS.get(at).copied().flatten()
}

/// A character that does not need to be decomposed.
fn quickly(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    latin_form(c).unwrap_or_else(|| match c {
        '￥' => '¥',
        '￡' => '£',
        other => halfwidth(other).to_ascii_lowercase(),
    })
}

/// A label's characters without the spaces between those of scripts that have none.
fn spaced(chars: impl Iterator<Item = char>, bytes: usize) -> String {
    let mut out = String::with_capacity(bytes);
    let (mut last, mut spaces) = (' ', 0);
    for c in chars {
        if c == ' ' {
            spaces += 1;
            continue;
        }
        if spaces > 0 && !(joins(last) && joins(c)) {
            out.extend(std::iter::repeat_n(' ', spaces));
        }
        (last, spaces) = (c, 0);
        out.push(match c {
            'ı' => 'i',
            'ß' => 's',
            'ø' => 'o',
            'æ' => 'a',
            'ł' => 'l',
            other => other,
        });
    }
    out.extend(std::iter::repeat_n(' ', spaces));
    out
}

/// Whether a character has another form that it is compared in; the common East Asian ones and
/// full-width ASCII, which needs no table, have none.
fn folds(c: char) -> bool {
    !(c.is_ascii()
        || latin_form(c).is_some()
        || matches!(c, '\u{2500}'..='\u{25FF}' | '\u{3000}' | '\u{3041}'..='\u{30FF}'
            | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{FF01}'..='\u{FF5E}'
            | '￥' | '￡'
            | '\u{E00}'..='\u{E32}' | '\u{E34}'..='\u{E7F}'))
}

/// Whether a text's comparable form has each of its characters in the same bytes: then the form of
/// a part is the part of the form.
pub(super) fn is_aligned(text: &str, normal: &str) -> bool {
    // No character has a longer form, and spaces are only left out.
    text.len() == normal.len() && (text.is_ascii() || !text.chars().any(folds))
}

/// Whether a text has characters between which spaces are left out.
pub(super) fn is_closed_up(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(joins)
}

/// A text without what stands around its `inner` characters.
pub(super) fn trimmed(text: &str, inner: impl Fn(char) -> bool) -> &str {
    // Rules and dots are many, and of one byte each.
    let other = |b: &u8| !b.is_ascii() || inner(char::from(*b));
    let bytes = text.as_bytes();
    let from = bytes.iter().position(other).unwrap_or(bytes.len());
    let to = bytes.iter().rposition(other).map_or(from, |last| last + 1);
    let rest = text.get(from..to).unwrap_or_default();
    rest.trim_matches(|c: char| !inner(c))
}

/// Whether a script is written without spaces (Hangul is, on receipts, spread out to fill).
const fn joins(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
}

const fn is_sign(c: char) -> bool {
    joins(c) || matches!(c, '\u{E00}'..='\u{E7F}')
}

/// The classes of all words in a label (given in [`normal`] form).
pub(super) fn flags(label: &str) -> Flags {
    let mut found = 0;
    if !label.is_ascii() && label.chars().any(is_sign) {
        found |= sign_flags(label);
    }
    let words: Words<'_> = if label.is_ascii() {
        let words = label.as_bytes().split(|b| !b.is_ascii_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        words
            .filter_map(|word| std::str::from_utf8(word).ok())
            .collect()
    } else {
        let words = label.split(|c: char| is_sign(c) || !c.is_alphanumeric());
        words.filter(|word| !word.is_empty()).collect()
    };
    let mut rest = words.as_slice();
    while let [word, after @ ..] = rest {
        let Some((flags, longer)) = LATIN.get(*word).and_then(|head| head.longest(after)) else {
            // Rates ("6"), letters ("c", "sr") and numbers say nothing.
            let long = word.chars().nth(2).is_some();
            if long && !word.bytes().all(|b| b.is_ascii_digit()) {
                found |= OTHER;
            }
            rest = after;
            continue;
        };
        found |= flags;
        rest = after.get(longer..).unwrap_or_default();
    }
    found
}

/// The words of a label; most have no more than these.
type Words<'a> = smallvec::SmallVec<[&'a str; 8]>;

/// Longest phrase first at every place; what is no phrase counts as another word.
fn sign_flags(label: &str) -> Flags {
    let (mut found, mut others, mut rest) = (0, 0, label);
    while let Some(first) = rest.chars().next() {
        let phrases = OTHERS.get(&first).map_or(&[][..], Vec::as_slice);
        let hit = phrases
            .iter()
            .find(|(phrase, _)| rest.starts_with(phrase.as_str()));
        let length = match hit {
            Some((phrase, flags)) => {
                found |= flags;
                phrase.len()
            }
            None => {
                others += usize::from(is_sign(first));
                first.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    if others > 1 { found | OTHER } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(label: &str) -> Flags {
        flags(&normal(label))
    }

    #[test]
    fn labels_are_read_in_the_languages_of_receipts() {
        for (label, flag) in [
            ("Gesamtbetrag", TOTAL),
            ("TOTALE COMPLESSIVO", FINAL),
            ("Net à payer", FINAL),
            ("합          계:", TOTAL),
            ("부    가    세:", TAX),
            ("거    스    름:", CHANGE),
            ("Rückgeld", CHANGE),
            ("お預り", PAID),
            ("找零：", CHANGE),
            ("GENEL TOPLAM", TOTAL),
            ("TOPKDV", TAX),
            ("Kembalian", CHANGE),
            ("ยอดสุทธิ", FINAL),
            ("Zwischensumme", SUB),
            ("İNDİRİM", DISCOUNT),
            ("PARA ÜSTÜ", CHANGE),
            ("Troco", CHANGE),
            ("菜品金额", SUB),
        ] {
            assert!(of(label) & flag != 0, "{label}: {:b}", of(label));
        }
    }

    #[test]
    fn a_word_of_its_own_is_no_part_of_another() {
        assert_eq!(of("Barley") & CASH, 0);
        assert_eq!(of("Totally other thing") & TOTAL, 0);
        assert_ne!(of("Total Grams") & COUNT, 0);
    }
}
