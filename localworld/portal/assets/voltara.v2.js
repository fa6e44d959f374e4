const root = document.getElementById("billing-app");
const { result } = await (await fetch(root.dataset.endpoint, { headers: { Accept: "application/json" } })).json();
const money = (s) => new Intl.NumberFormat("en-US", { style: "currency", currency: s.currencyCode }).format(s.totalAmountDue);
const day = (iso) => new Date(iso + "T12:00:00").toLocaleDateString("en-US", { month: "short", day: "numeric", year: "numeric" });
const card = (s) => `<li class="statement"><div><h3>${day(s.servicePeriod.startDate)} to ${day(s.servicePeriod.endDate)}</h3>
  <p>Meter ${s.meterReading.meterNumber}: ${Number(s.meterReading.readingValue).toLocaleString()} ${s.meterReading.unitOfMeasure}</p><p><a href="${s.links.documentUrl}">Download statement</a></p></div>
  <div class="due"><b>${money(s)}</b><p>due ${day(s.paymentDueDate)}</p></div></li>`;
root.innerHTML = `<p class="text-gray">Account ${result.customerAccount.accountNumber}</p><ul class="statement-list">${result.statements.map(card).join("")}</ul>`;
