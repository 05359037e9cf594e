//! Which multibyte set a job is in, where nothing says so.
//!
//! Every candidate decodes the job's high bytes; pairs that do not exist count against it, frequent
//! characters of its language (and of receipts) for it. The best must lead clearly: GBK and EUC-KR
//! share most of their byte pairs, and a wrong guess would print a wrong shop on someone's phone.

use super::Charset;
use std::sync::LazyLock;

/// How many bytes of runs with high bytes are looked at: some fifty lines. More say no more.
const GUESS_BYTES_MAX: usize = 2 * 1024;
/// How far in front the best must be, in thousandths of the pairs.
const LEAD_MIN: i64 = 120;
/// What the best must reach, in thousandths of the pairs.
const SCORE_MIN: i64 = 100;

/// What the bytes look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// Multibyte text in this set.
    Multibyte(Charset),
    /// Single bytes of some code page.
    Single,
    /// Several readings are as good.
    NotSure,
}

static CANDIDATES: LazyLock<[(Charset, Frequent); 4]> = LazyLock::new(|| {
    [
        (Charset::Gb18030, Frequent::of(CHINESE)),
        (Charset::Big5, Frequent::of(TRADITIONAL)),
        (Charset::EucKr, Frequent::of(KOREAN)),
        (Charset::ShiftJis, Frequent::of(JAPANESE)),
    ]
});

/// A set of characters, one bit for each code point up to U+FFFF.
struct Frequent(Vec<u64>);

impl Frequent {
    fn of(text: &str) -> Self {
        let mut bits = vec![0; 1 << 10];
        for c in text.chars().map(u32::from) {
            if let Some(word) = usize::try_from(c >> 6).ok().and_then(|i| bits.get_mut(i)) {
                *word |= 1 << (c & 63);
            }
        }
        Self(bits)
    }

    fn contains(&self, c: char) -> bool {
        let c = u32::from(c);
        let word = usize::try_from(c >> 6).ok().and_then(|i| self.0.get(i));
        word.is_some_and(|bits| bits >> (c & 63) & 1 == 1)
    }
}

/// Guesses from runs of text (as printed, without commands). With `multibyte` the job switched a
/// double-byte mode on, so single bytes are no answer.
pub fn guess<'a>(runs: impl Iterator<Item = &'a [u8]>, multibyte: bool) -> Guess {
    let mut sample = Sample::default();
    for run in runs {
        if !sample.takes(run) {
            break;
        }
    }
    sample.guess(multibyte)
}

/// So much of a job's text as a guess is made from.
#[derive(Default)]
pub(crate) struct Sample {
    high: Vec<u8>,
    seen: usize,
}

impl Sample {
    /// Takes a run of text in; says whether more would help.
    pub(crate) fn takes(&mut self, run: &[u8]) -> bool {
        if run.is_ascii() {
            return true;
        }
        self.seen += run.len();
        if self.seen > GUESS_BYTES_MAX {
            return false;
        }
        // ASCII in front of the first high byte and behind the last pair is the same in every set.
        let high = |b: &u8| *b >= 0x80;
        let from = run.iter().position(high).unwrap_or(run.len());
        let to = run.iter().rposition(high).map_or(0, |last| last + 2);
        let span = run.get(from..to.min(run.len())).unwrap_or_default();
        self.high.extend(unruled(span));
        self.high.push(b'\n');
        true
    }

    /// What it looks like. With `multibyte` the job switched a double-byte mode on.
    pub(crate) fn guess(&self, multibyte: bool) -> Guess {
        if self.high.is_empty() {
            Guess::Single
        } else {
            best(&self.high, multibyte)
        }
    }
}

/// The charset that explains the sample best.
fn best(sample: &[u8], multibyte: bool) -> Guess {
    if let Ok(text) = std::str::from_utf8(sample) {
        // Two-byte sequences happen by chance in code pages; three-byte ones do not.
        let long = text.chars().filter(|c| c.len_utf8() > 2).count();
        let short = text.chars().filter(|c| c.len_utf8() == 2).count();
        let accents = !multibyte && text.chars().all(is_accent_or_ascii);
        if long > 0 || short > 1 || accents {
            return Guess::Multibyte(Charset::Utf8);
        }
    }
    let mut scores: Vec<_> = CANDIDATES
        .iter()
        .map(|c| (score(c.0, &c.1, sample), c.0))
        .collect();
    scores.sort_by_key(|s| std::cmp::Reverse(s.0));
    match scores.as_slice() {
        [best, second, ..] if best.0 >= SCORE_MIN && best.0 - second.0 >= LEAD_MIN => {
            Guess::Multibyte(best.1)
        }
        [best, ..] if best.0 >= SCORE_MIN => Guess::NotSure,
        _ if multibyte => Guess::NotSure,
        _ => Guess::Single,
    }
}

/// Accented Latin letters and a pound sign: what a lone pair is when it is UTF-8.
const fn is_accent_or_ascii(c: char) -> bool {
    matches!(c, '\0'..='\x7F' | '£' | '\u{C0}'..='\u{17F}')
}

/// A run without rules: the same byte four times or more draws a line and says nothing, nor does
/// it join what stands beside it.
fn unruled(run: &[u8]) -> impl Iterator<Item = u8> {
    run.chunk_by(|a, b| a == b)
        .flat_map(|same| {
            if same.len() < 4 || same[0] < 0x80 {
                same
            } else {
                b"\n"
            }
        })
        .copied()
}

/// Thousandths of the wide characters that are frequent, less three times those that do not exist.
fn score(charset: Charset, frequent: &Frequent, sample: &[u8]) -> i64 {
    let mut text = String::new();
    charset.decode(sample, 0, &mut text);
    let (mut wide, mut good, mut bad) = (0_i64, 0_i64, 0_i64);
    for c in text.chars().filter(|c| !c.is_ascii()) {
        wide += 1;
        match c {
            '\u{FFFD}' | '\u{E000}'..='\u{F8FF}' => bad += 1,
            // Half-width katakana are what any high byte is in Shift-JIS.
            '\u{FF61}'..='\u{FF9F}' => {}
            '\u{3040}'..='\u{30FF}' if charset == Charset::ShiftJis => good += 1,
            _ if frequent.contains(c) => good += 1,
            _ => {}
        }
    }
    if wide == 0 {
        -1000
    } else {
        (good - 3 * bad) * 1000 / wide
    }
}

/// Undoes UTF-8 that was made from bytes taken for Latin-1: the job's own bytes, when they then
/// read as multibyte text.
pub fn repair(job: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(job).ok()?;
    let high = text.chars().filter(|c| !c.is_ascii()).count();
    if high < 4 || text.chars().any(|c| u32::from(c) > 0xFF) {
        return None;
    }
    let bytes: Vec<u8> = text
        .chars()
        .filter_map(|c| u8::try_from(u32::from(c)).ok())
        .collect();
    let lines = bytes.split(|b| *b < 0x20);
    match guess(lines, true) {
        Guess::Multibyte(_) => Some(bytes),
        Guess::Single | Guess::NotSure => None,
    }
}

// Frequent characters of each language and of its receipts, from general knowledge of both.
const CHINESE: &str = "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坐集编宝谈府拉黑且随格尽剑讲布杀微怕母调局根曾准团段终乐切级克精哪官示冲竟乎男举客证苦照注费足尔招群热推晚响称兴待约阳哥惊吗整支古汽突号绝选吧参刊亚复伤类备欢另港势刻星断陈掌农夜般念价脑规底故省妈刚句显消衣陆器确破具居批送收银牌时间商品名称单价数量小计原价现价支付实收找零欢迎光临桌台类型堂食备注折扣菜品金额税总计合计订单编号来源餐饮面馆店茶饭汤牛猪鸡鱼虾豆米粥饺肉辣葱蒜酒杯份碗元圆角微信宝卡券优惠会员积分谢谢惠顾请保留电话地址";
const TRADITIONAL: &str = "的一是不了在人有我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可里後小麼心多天而能好都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已老從動兩長知民樣現分將外但身些與高意進把法此實回二理美點月明其種聲全工己話兒者向情部正名定女問力機給等幾很業最間新什打便位因重被走電四第門相次東政海口使教西再平真聽世氣信北少關並內加化由卻代軍產入先山五太水萬市眼體別處總才場師書比住員合計總計小計單價數量金額找零實收現金折扣稅發票統一編號收銀機店桌號服務費謝謝光臨歡迎電話地址茶飯湯牛豬雞魚麵杯份元圓整";
const KOREAN: &str = "이다의가는에을고하지사대원인한수시계합금액부세카드현영증표품명단량총받은돈거스름번호주문매장전화소날짜일월년점포점원결제승인할신용봉사료과면공급가치포인트적립감합니당교환불맞으로기어그아나라도서자리만보정해상중관제로구동경성국안음식메뉴커피페라떼모아메리노잔병개판매원대표사업등록담테이블님감사합방문주소울별다방설렁탕차류밥물냉김찌개고객센터요여습를와과들무었있없것";
const JAPANESE: &str = "合計小計税込抜内外消費対象現金預釣お領収書証店様上記正に円年月日時分点数量単価商品名番号電話東京都市区町村丁目駅前株式会社登録取引担当者計売上票額会員承認控客扱者支払回数伝票種別有効期限但飲食代新規卓人様名ご利用ありがとうございました毎度来店千鳥生一二三四五六七八九十百千万軽減割引値引返品税率内訳";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_is_told_from_its_neighbours() {
        for (charset, text) in [
            (
                Charset::Gb18030,
                "来钱客栈\n收银：1001\n商品名称 单价 数量 小计\n找零：0\n欢迎光临",
            ),
            (Charset::EucKr, "합계 금액 부가세\n받은돈: 9,700\n거스름"),
            (Charset::ShiftJis, "領収書 合計 お預り お釣り ビール"),
            (Charset::Big5, "合計 總計 找零 統一發票 謝謝光臨"),
        ] {
            let bytes = charset.encode(text);
            let guessed = guess(bytes.split(|b| *b == b'\n'), false);
            assert_eq!(guessed, Guess::Multibyte(charset), "{text}");
        }
    }

    #[test]
    fn one_accent_is_enough_to_know_utf_8_by() {
        let guessed = guess(std::iter::once("*** İPTAL ***".as_bytes()), false);
        assert_eq!(guessed, Guess::Multibyte(Charset::Utf8));
    }

    #[test]
    fn accents_of_a_code_page_are_single_bytes() {
        let bytes = Charset::Page(1252).encode("Café crème à la carte, Grüße");
        assert_eq!(
            guess(std::iter::once(bytes.as_slice()), false),
            Guess::Single
        );
    }

    #[test]
    fn mojibake_is_undone_only_when_it_then_reads() {
        let korean = Charset::EucKr.encode("합계 금액 부가세 받은돈 거스름");
        let mojibake: String = korean.iter().map(|b| char::from(*b)).collect();
        assert_eq!(repair(mojibake.as_bytes()), Some(korean));
        assert_eq!(
            repair("Crème brûlée à 5 €uro, Grüße, señor".as_bytes()),
            None
        );
    }
}
