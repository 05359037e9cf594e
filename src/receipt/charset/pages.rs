//! Code pages that the libraries have no table of: the upper halves, from 0x80 to 0xFF.
//!
//! Sources: glibc's charmaps IBM851, CP772 (LST 1284), CP774 (LST 1283) and RK1048; the printer
//! makers' own tables (Epson's and Star's command manuals) for the rest. Sets that no one numbered
//! have numbers from 60000 here: 60000 Star's Normal, 60011 to 60042 Thai Character Code 11 to 42,
//! 60021 Star's Thai, 60030 and 60031 the two halves of TCVN-3. A byte that a table leaves open is
//! U+FFFD.

/// The upper half of a page, 128 characters.
pub(super) const fn upper(page: u16) -> Option<&'static str> {
    Some(match page {
        772 | 1119 => CP772,
        774 | 1118 => CP774,
        851 => CP851,
        1048 => RK1048,
        771 => CP771,
        853 => CP853,
        1001 => CP1001,
        1098 => CP1098,
        3001 => CP3001,
        3002 => CP3002,
        3011 => CP3011,
        3012 => CP3012,
        3021 => CP3021,
        3840 => CP3840,
        3841 => CP3841,
        3843 => CP3843,
        3844 => CP3844,
        3845 => CP3845,
        3846 => CP3846,
        3847 => CP3847,
        3848 => CP3848,
        60000 => STAR_NORMAL,
        60011 => THAI11,
        60013 => THAI13,
        60014 => THAI14,
        60016 => THAI16,
        60018 => THAI18,
        60042 => THAI42,
        60021 => STAR_THAI,
        60030 => TCVN_SMALL,
        60031 => TCVN_CAPITAL,
        _ => return None,
    })
}

/// Lithuanian with Cyrillic.
const CP772: &str = "\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
    абвгдежзийклмноп░▒▓│┤ĄČĘĖ╣║╗╝ĮŠ┐\
    └┴┬├─┼ŲŪ╚╔╩╦╠═╬Žąčęėįšųūž┘┌█▄▌▐▀\
    рстуфхцчшщъыьэюяЁё≥≤„“÷≈°∙·√ⁿ²■\u{A0}\
";

/// Lithuanian.
const CP774: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
    áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤ĄČĘĖ╣║╗╝ĮŠ┐\
    └┴┬├─┼ŲŪ╚╔╩╦╠═╬Žąčęėįšųūž┘┌█▄▌▐▀\
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤„“÷≈°∙·√ⁿ²■\u{A0}\
";

/// Greek, before page 869.
const CP851: &str = "\
    ÇüéâäàΆçêëèïîΈÄΉΊ\u{FFFD}ΌôöΎûùΏÖÜά£έήί\
    ϊΐόύΑΒΓΔΕΖΗ½ΘΙ«»░▒▓│┤ΚΛΝΜ╣║╗╝ΞΟ┐\
    └┴┬├─┼ΠΡ╚╔╩╦╠═╬ΣΤΥΦΧΨΩαβγ┘┌█▄δε▀\
    ζηθικλμνξοπρσςτ´\u{AD}±υφχ§ψ˛°¨ωϋΰώ■\u{A0}\
";

/// Kazakh; also KZ-1048.
const RK1048: &str = "\
    ЂЃ‚ѓ„…†‡€‰Љ‹ЊҚҺЏђ‘’“”•–—\u{FFFD}™љ›њқһџ\
    \u{A0}ҰұӘ¤Ө¦§Ё©Ғ«¬\u{AD}®Ү°±Ііөµ¶·ё№ғ»әҢңү\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
    абвгдежзийклмнопрстуфхцчшщъыьэюя\
";

/// Lithuanian with Cyrillic, KBL.
const CP771: &str = "\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмноп░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█\
    ĄąČčрстуфхцчшщъыьэюяĘęĖėĮįŠšŲųŪūŽž■\u{A0}\
";

/// Turkish, Maltese and Esperanto.
const CP853: &str = "\
    ÇüéâäàĉçêëèïîìÄĈÉċĊôöòûùİÖÜĝ£Ĝ×ĵáíóúñÑĞğĤĥ\u{FFFD}½Ĵş«»░▒▓│┤ÁÂÀŞ╣║╗╝Żż┐└┴┬├─┼Ŝŝ╚╔╩╦╠═╬¤\
    \u{FFFD}\u{FFFD}ÊËÈıÍÎÏ┘┌█▄\u{FFFD}Ì▀ÓßÔÒĠġµĦħÚÛÙŬŭ\u{FFFD}´\u{AD}\u{FFFD}ℓŉ˘§÷¸°¨˙\u{FFFD}³\
    ²■\u{A0}\
";

/// Arabic, as Star has it.
const CP1001: &str = "\
    \u{621}\u{622}\u{623}\u{624}\u{625}\u{FE8B}\u{627}\u{628}\u{FE91}\u{629}\u{62A}\u{FE97}\
    \u{62B}\u{FE9B}\u{62F}\u{630}\u{631}\u{632}\u{633}\u{FEB3}\u{FEB4}\u{634}\u{FEB7}\u{FEB8}\
    \u{635}\u{FEBB}\u{FEBC}\u{636}\u{FEBF}\u{FEC0}\u{637}\u{638}\u{639}\u{FECB}\u{63A}\u{FECF}\
    \u{641}\u{FED3}\u{642}\u{FED7}\u{643}\u{6A9}\u{644}\u{FEF7}\u{FEF9}\u{FEFB}┘\u{645}\u{FEE3}\
    \u{646}\u{FEE7}\u{647}\u{FEEB}\u{648}\u{649}\u{679}\u{FEF3}│،\u{61B}\u{61F}\u{FE82}\u{FE84}\
    \u{FE8A}└\u{62C}\u{FE9F}\u{62D}\u{FEA3}\u{62E}\u{FEA7}\u{FECA}\u{FECC}\u{FECE}\u{FECF}\
    \u{FEF8}\u{FEFA}\u{FEFC}\u{FEEB}\u{FEEC}\u{660}\u{FEF0}─\u{FFFD}\u{660}\u{661}\u{662}\u{663}\
    \u{664}\u{665}\u{666}\u{667}\u{668}\u{669}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FEFB}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}┴ΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}\
";

/// Farsi.
const CP1098: &str = "\
    \u{FFFD}\u{FFFD}،\u{61B}\u{61F}\u{64B}\u{622}\u{FE82}\u{627}\u{FE8E}\u{621}\u{623}\u{FE84}\
    \u{624}\u{FE8B}\u{628}\u{FE91}\u{FB56}\u{FB58}\u{62A}\u{FE97}\u{62B}\u{FE9B}\u{62C}\u{FE9F}\
    \u{FB7A}\u{FB7C}×\u{62D}\u{FEA3}\u{62E}\u{FEA7}\u{62F}\u{630}\u{631}\u{632}\u{FB8A}\u{633}\
    \u{FEB3}\u{634}\u{FEB7}\u{635}\u{FEBB}«»░▒▓│┤\u{636}\u{FEBF}\u{FEC1}\u{FEC3}╣║╗╝¤\u{FEC5}┐└┴\
    ┬├─┼\u{FEC7}\u{639}╚╔╩╦╠═╬\u{FFFD}\u{FECA}\u{FECB}\u{FECC}\u{63A}\u{FECE}\u{FECF}\u{FED0}\
    \u{641}\u{FED3}┘┌█▄\u{642}\u{FED7}▀\u{FB8E}\u{FEDB}\u{FB92}\u{FB94}\u{644}\u{FEDF}\u{645}\
    \u{FEE3}\u{646}\u{FEE7}\u{648}\u{647}\u{FEEB}\u{FEEC}\u{FBA4}\u{FBFC}\u{AD}\u{FBFD}\u{FBFE}\
    \u{640}\u{660}\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}\u{668}\u{669}■\u{A0}\
";

/// Estonian, over page 850.
const CP3001: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤šŠÊËÈıÍÎÏ┘┌█\
    ▄¦Ì▀ÓßÔÒõÕµžŽÚÛÙýÝ¯´\u{AD}±‗¾\u{FFFD}\u{FFFD}÷¸°¨·¹³²■\u{A0}\
";

/// Estonian, over ISO 8859-1.
const CP3002: &str = "\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD} ¡¢£¤¥¦§¨©ª«\
    ¬\u{AD}®‾°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏŠÑÒÓÔÕÖ×ØÙÚÛÜÝŽßàáâãäåæçèéêëìíîïšñòóôõö÷øùúûüýžÿ\
";

/// Latvian, over page 437.
const CP3011: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤Ā╢ņ╕╣║╗╝╜╛┐└┴┬├─┼ā╟╚╔╩╦╠═╬╧Š╤čČ╘╒ģĪī┘┌█\
    ▄ūŪ▀αßΓπΣσµτΦΘΩδ∞φε∩ĒēĢķĶļĻžŽ∙·√Ņš■\u{A0}\
";

/// Latvian, over page 866.
const CP3012: &str = "\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмноп░▒▓│┤Ā╢ņ╕╣║╗╝Ō╛┐└┴┬├─┼ā╟╚╔╩╦╠═╬╧Š╤čČ╘╒ģĪī┘┌█\
    ▄ūŪ▀рстуфхцчшщъыьэюяĒēĢķĶļĻžŽō·√Ņš■\u{A0}\
";

/// Bulgarian, MIK.
const CP3021: &str = "\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя└┴┬├─┼╣║╚╔╩╦╠═╬┐░▒▓│┤№§╗╝┘┌█\
    ▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}\
";

/// Russian, as IBM had it.
const CP3840: &str = "\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмноп░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█\
    ▄▌▐▀рстуфхцчшщъыьэюя≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}\
";

/// Russian and its neighbours, GOST order.
const CP3841: &str = "\
    ғәёіїјҝөўүӽӈҹҷє£ҒӘЁІЇЈҜӨЎҮӼӇҸҶЄЪ !\"#¤%&'()*+,-./0123456789:;<=>?юабцдефгхийклмнопярстужвьыз\
    шэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧ∅\
";

/// Polish, Mazovia.
const CP3843: &str = "\
    ÇüéâäàąçêëèïîćÄĄĘęłôöĆûùŚÖÜ¢Ł¥śƒŹŻóÓńŃźż¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█\
    ▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}\
";

/// Czech, Kamenicky.
const CP3844: &str = "\
    ČüéďäĎŤčěĚĹÍľĺÄÁÉžŽôöÓůÚýÖÜŠĽÝŘťáíóúňŇŮÔšřŕŔ¼§«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█\
    ▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}\
";

/// Hungarian.
const CP3845: &str = "\
    ÇüéâäàåçêëèïîÍÄÁÉæÆőöÓűÚŰÖÜ¢£¥₧ƒáíóúñÑªŐ¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█\
    ▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}\
";

/// Turkish.
const CP3846: &str = "\
    ÇüéâäàåçêëèïîıÄÅÉæÆôöòûùİÖÜ¢£¥ŞşáíóúñÑĞğ¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█\
    ▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}\
";

/// Brazilian, ABNT.
const CP3847: &str = "\
    \u{A0}¡¢£¤¥¦§¨©ª«¬\u{AD}®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑ\
    ÒÓÔÕÖ\u{FFFD}ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö\u{FFFD}øùúûüýþÿ\
";

/// Brazilian, ABICOMP.
const CP3848: &str = "\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{A0}ÀÁÂÃÄÇ\
    ÈÉÊËÌÍÎÍÑÒÓÔÕÖÆÙÚÛÜŸ¨£¦§°¡àáâãäçèéêëìíîïñòóôõöæùúûüÿßªº¿±\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
";

/// Star's page 0: DEC's multinational set rearranged, with frames.
const STAR_NORMAL: &str = "\
    \u{A0}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}├\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}▘▗▖▝╱╲◥◤┌┴┬┤♦╳ÄÖÜß§ªº\u{FFFD}¢½\u{FFFD}\
    \u{FFFD}¥¼Āëéèēêïíìīîöóòōôüúùūûç¿\u{FFFD}\u{FFFD}Ēↄ¡ÅøØäáàāâ°℃℉ΩµΣσ\u{FFFD}\u{FFFD}χ∞±÷π▌▄▀▐\
    ┼┘└┐█▒⏊←↑→↓╭⏉\u{FFFD}\u{FFFD}▁▍\u{FFFD}\u{FFFD}▚▞◢◣\u{FFFD}⏸╰╯╮\
";

/// Thai Character Code 11: page 874 with frames.
const THAI11: &str = "\
    €\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}…\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}‘’“”•–—\u{FFFD}┌┐└┘│├┤\u{A0}กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภ\
    มยรฤลฦวศษสหฬอฮฯะ\u{E31}าำ\u{E34}\u{E35}\u{E36}\u{E37}\u{E38}\u{E39}\u{E3A}─┴┬┼฿เแโใไๅๆ\
    \u{E47}\u{E48}\u{E49}\u{E4A}\u{E4B}\u{E4C}\u{E4D}\u{E4E}๏๐๑๒๓๔๕๖๗๘๙๚\u{E4A}โใไ\u{FFFD}\
";

/// Thai Character Code 13.
const THAI13: &str = "\
    €\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}…\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}‘’“”•–—\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{A0}กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลฦวศษสหฬอฮฯะ\u{E31}าำ\u{E34}\
    \u{E35}\u{E36}\u{E37}\u{E38}\u{E39}\u{E3A}ร\u{FFFD}\u{FFFD}เ฿เแโใไๅๆ\u{E47}\u{E48}\u{E49}\
    \u{E4A}\u{E4B}\u{E4C}\u{E4D}\u{E4E}๏๐๑๒๓๔๕๖๗๘๙๚๛←↑→↓\
";

/// Thai Character Code 14.
const THAI14: &str = "\
    ┌┐└┘│─├┤┴┬┼█\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}รา’ะ”•–—\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}เ\u{A0}กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลฦวศษสหฬอฮฯะ\u{E31}าำ\u{E34}\
    \u{E35}\u{E36}\u{E37}\u{E38}\u{E39}\u{E3A}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}฿เแโใไๅๆ\u{E47}\
    \u{E48}\u{E49}\u{E4A}\u{E4B}\u{E4C}\u{E4D}\u{E4E}๏๐๑๒๓๔๕๖๗๘๙๛๛\u{FFFD}\u{FFFD}\u{FFFD}ไ\
";

/// Thai Character Code 16.
const THAI16: &str = "\
    ┌┐└┘│─├┤┴┬┼█←↑→↓โใ’ะ”•–—\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}เ\u{A0}กขฃคฅ\
    ฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลฦวศษสหฬอฮฯะ\u{E31}าำ\u{E34}\u{E35}\u{E36}\u{E37}\u{E38}\
    \u{E39}\u{E3A}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}฿เแโใไๅๆ\u{E47}\u{E48}\u{E49}\u{E4A}\u{E4B}\
    \u{E4C}\u{E4D}\u{E4E}๏๐๑๒๓๔๕๖๗๘๙๛๛\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
";

/// Thai Character Code 18.
const THAI18: &str = "\
    ┌┐└┘│─├┤┴┬┼█←↑→↓รา’ะ”•–—\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}เ\u{A0}กขฃคฅ\
    ฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลฦวศษสหฬอฮฯะ\u{E31}าำ\u{E34}\u{E35}\u{E36}\u{E37}\u{E38}\
    \u{E39}\u{E3A}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}฿เแโใไๅๆ\u{E47}\u{E48}\u{E49}\u{E4A}\u{E4B}\
    \u{E4C}\u{E4D}ไ๏๐๑๒๓๔๕๖๗๘๙๛๛\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
";

/// Thai Character Code 42 (KU).
const THAI42: &str = "\
    ┌┐└┘│─├┤┴┬┼█←↑→↓๐๑๒๓๔๕๖๗๘๙ฃฅราไเ\u{A0}กขคฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลวศษสหฬอฮะฦาำเแโใไๆฯ\
    \u{E38}\u{E39}\u{E34}\u{E35}\u{E36}\u{E37}\u{E4A}\u{E4D}\u{E47}\u{E48}\u{E49}\u{E4A}\u{E4B}\
    \u{E4C}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ะ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{A0}\
";

/// Vietnamese TCVN-3, small letters.
const TCVN_SMALL: &str = "\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ăâêôơưđ\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}àảãáạ\u{FFFD}ằẳẵắ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}ặầẩẫấậè\u{FFFD}ẻẽéẹềểễếệìỉ\u{FFFD}\u{FFFD}\u{FFFD}ĩíịò\u{FFFD}ỏõóọồổỗốộờởỡớợù\
    \u{FFFD}ủũúụừửữứựỳỷỹýỵ\u{FFFD}\
";

/// Vietnamese TCVN-3, capitals.
const TCVN_CAPITAL: &str = "\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ĂÂ\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}Ð\u{FFFD}\u{FFFD}ÊÔƠƯ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}ÀẢÃÁẠ\u{FFFD}ẰẲẴẮ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}ẶẦẨẪẤẬÈ\u{FFFD}ẺẼÉẸỀỂỄẾỆÌỈ\u{FFFD}\u{FFFD}\u{FFFD}ĨÍỊÒ\u{FFFD}ỎÕÓỌỒỔỖỐỘỜỞỠỚỢÙ\
    \u{FFFD}ỦŨÚỤỪỬỮỨỰỲỶỸÝỴ\u{FFFD}\
";

/// Thai as Star has it at 21: page 874 with its tone marks elsewhere, and frames.
const STAR_THAI: &str = "\
    €\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}…\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\
    \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}‘’“”│─┼┌┐└┘├┬┤┴\u{A0}กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลฦว\
    ศษสหฬอฮฯะ\u{E31}าำ\u{E34}\u{E35}\u{E36}\u{E37}\u{E38}\u{E39}\u{E3A}\u{E49}\u{E4A}\u{E4B}\
    \u{E4C}฿เแโใไๅๆ\u{E47}\u{E48}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{E4D}\u{E4E}๏๐๑๒๓๔๕๖๗๘๙๚๛¢¬¦\
    \u{FFFD}\
";
