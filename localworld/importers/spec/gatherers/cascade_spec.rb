# frozen_string_literal: true

RSpec.describe "cascade" do
  it "reads the bills of all pages of the history" do
    bills = gather("cascade")

    expect(bills.map { |bill| bill[:period_end] }).to eq %w[
      2026-10-31 2026-09-30 2026-08-31 2026-07-31 2026-06-30 2026-05-31 2026-04-30
    ]
    expect(bills.first).to include(
      account: "4471-00926-3", due_date: "2026-11-21", amount: "219.26", currency: "USD",
      meter_reading: { value: "362866", unit: "kWh" }
    )
  end
end
