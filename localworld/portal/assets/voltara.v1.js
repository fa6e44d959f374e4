(async () => {
  const app = document.getElementById("billing-app");
  const answer = await fetch(app.dataset.endpoint, { headers: { Accept: "application/json" } });
  const { account, bills } = (await answer.json()).data;
  const usd = new Intl.NumberFormat(app.dataset.locale, { style: "currency", currency: "USD" });
  const day = (iso) => new Date(iso + "T12:00:00").toLocaleDateString(app.dataset.locale, { month: "short", day: "numeric", year: "numeric" });
  const kpi = (name, value) => `<div class="kpi"><span>${name}</span><b>${value}</b></div>`;
  const row = (b) =>
    `<tr><td>${day(b.period.from)} – ${day(b.period.to)}</td><td>${day(b.due_date)}</td><td class="num">${Number(b.meter.reading).toLocaleString()} ${b.meter.unit}</td>` +
    `<td class="num">${usd.format(b.amount_due)}</td><td class="num"><a href="${b.document_url}">PDF</a></td></tr>`;
  app.innerHTML =
    `<div class="kpis">${kpi("Amount due", usd.format(bills[0].amount_due))}${kpi("Due date", day(bills[0].due_date))}${kpi("Account", account.number)}</div>` +
    `<table class="bill-grid"><thead><tr><th>Service period</th><th>Due date</th><th class="num">Meter reading</th><th class="num">Amount due</th><th></th></tr></thead><tbody>${bills.map(row).join("")}</tbody></table>`;
})();
