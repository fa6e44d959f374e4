# frozen_string_literal: true

RSpec.describe "ostrava" do
  it "reads Czech dates and money" do
    bills = gather("ostrava")

    expect(bills.map { |bill| bill[:amount] }).to eq %w[8679.37 8979.68 9054.75 9642.85 8904.60]
    expect(bills.first).to include(
      account: "60 21 448 330", period_start: "2026-10-01", period_end: "2026-10-31", due_date: "2026-11-23",
      currency: "CZK", meter_reading: { value: "4595.4", unit: "m³" }
    )
  end
end
