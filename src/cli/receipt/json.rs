//! A receipt as one JSON object: the values by name, where each comes from, and the verdict.

use crate::receipt::extract::{Candidate, Field, Item};
use crate::receipt::{NotPayable, Paper, Payable};
use serde_json::{Map, Value, json};

/// One receipt. The values stand at the top, under the names that a corpus's labels use; `fields`
/// has each one's confidence (0 to 100), line (from 1) and evidence; `payable` is the second
/// verdict.
pub(super) fn paper(paper: &Paper) -> Value {
    let reading = &paper.reading;
    let mut fields = Fields::default();
    fields.put("kind", Some(&reading.kind), |k| json!(k.word()));
    fields.put("merchant", reading.merchant.as_ref(), |t| json!(t.as_str()));
    fields.put("order", reading.order.as_ref(), |t| json!(t.as_str()));
    fields.put("date", reading.when.as_ref(), |w| json!(w.to_string()));
    let amounts = [
        ("subtotal", &reading.subtotal),
        ("discount", &reading.discount),
        ("service", &reading.service),
        ("tip", &reading.tip),
        ("tax", &reading.tax),
        ("rounding", &reading.rounding),
        ("total", &reading.total),
        ("paid", &reading.paid),
        ("change", &reading.change),
    ];
    for (name, field) in amounts {
        fields.put(name, field.as_ref(), |d| json!(d.to_string()));
    }
    fields.put("currency", reading.currency.as_ref(), |c| json!(c.code()));
    fields.put("method", reading.method.as_ref(), |m| json!(m));
    let mut all = fields.values;
    let items: Vec<Value> = reading.items.iter().map(item).collect();
    all.insert("items".into(), json!(items));
    all.insert("fields".into(), Value::Object(fields.sources));
    let candidates: Vec<Value> = reading.candidates.iter().map(candidate).collect();
    all.insert("candidates".into(), json!(candidates));
    let lines: Vec<&str> = paper.lines.iter().map(|l| l.text.as_str()).collect();
    all.insert("lines".into(), json!(lines));
    all.insert("pictures".into(), json!(paper.pictures.len()));
    all.insert("symbols".into(), json!(paper.symbols.len()));
    verdict(&mut all, paper.verdict.as_ref());
    Value::Object(all)
}

#[derive(Default)]
struct Fields {
    values: Map<String, Value>,
    sources: Map<String, Value>,
}

impl Fields {
    fn put<T>(&mut self, name: &str, field: Option<&Field<T>>, value: impl Fn(&T) -> Value) {
        let shown = field.map_or(Value::Null, |f| value(&f.value));
        self.values.insert(name.into(), shown);
        if let Some(field) = field {
            let source = json!({
                "confidence": field.confidence,
                "line": field.line.map(|line| line + 1),
                "evidence": field.evidence.as_str(),
            });
            self.sources.insert(name.into(), source);
        }
    }
}

fn item(item: &Item) -> Value {
    json!({
        "name": item.name.as_str(),
        "quantity": item.quantity.map(|d| d.to_string()),
        "unit": item.unit.map(|d| d.to_string()),
        "amount": item.amount.map(|d| d.to_string()),
    })
}

pub(super) fn candidate(candidate: &Candidate) -> Value {
    json!({
        "amount": candidate.amount.to_string(),
        "line": candidate.line + 1,
        "rank": candidate.rank,
        "for": candidate.support,
        "against": candidate.against,
    })
}

/// `payable` says yes or no; `due` what would be asked, `reason` and `why` what stands against it.
fn verdict(all: &mut Map<String, Value>, verdict: Result<&Payable, &NotPayable>) {
    all.insert("payable".into(), json!(verdict.is_ok()));
    let due = verdict.ok().map(|payable| {
        json!({
            "amount": payable.amount,
            "reference": payable.reference.as_str(),
            "merchant": payable.merchant.as_ref().map(crate::text::Text::as_str),
            "confidence": payable.confidence,
        })
    });
    all.insert("due".into(), json!(due));
    let why = verdict.err();
    all.insert("reason".into(), json!(why.map(NotPayable::name)));
    all.insert("why".into(), json!(why.map(ToString::to_string)));
}
