# frozen_string_literal: true

RSpec.describe "voltara" do
  it "reads each bill of the JSON answer" do
    bills = gather("voltara")

    expect(bills.map { |bill| bill[:amount] }).to eq %w[286.28 380.90 460.53 520.09 416.26 324.01 277.51 289.99]
    expect(bills.first).to include(
      account: "VE-7730-4415-2", period_start: "2026-10-01", period_end: "2026-10-31", due_date: "2026-11-24",
      currency: "USD", meter_reading: { value: "152885", unit: "kWh" }
    )
  end
end
