# frozen_string_literal: true

RSpec.describe Importers::Schema do
  let(:bill) do
    {
      "account" => "1", "period_start" => "2026-10-01", "period_end" => "2026-10-31", "due_date" => "2026-11-20", "amount" => "12.50",
      "currency" => "USD", "meter_reading" => nil, "pdf" => nil, "pdf_sha256" => nil
    }
  end

  def breaches(**changes)
    broken = bill.merge(changes.transform_keys(&:to_s))
    described_class.new.breaches({ "importer" => "x", "fetched_at" => "2026-11-24T10:00:00Z", "count" => 1, "bills" => [broken] })
  end

  it "takes a bill without reading and PDF" do
    expect(breaches).to be_empty
  end

  it "names what breaks it, and no value" do
    expect(breaches(amount: "$12.50")).to eq ["$.bills[0].amount: pattern"]
    expect(breaches(due_date: nil)).to eq ["$.bills[0].due_date: type"]
    expect(breaches(meter_reading: { "value" => "x" })).to eq ["$.bills[0].meter_reading: required", "$.bills[0].meter_reading.value: pattern"]
    expect(breaches(colour: "red")).to eq ["$.bills[0]: additionalProperties"]
  end

  it "does not pass over a keyword that it does not know" do
    expect { described_class.new({ "maxLength" => 3 }).breaches("long") }.to raise_error(NotImplementedError)
  end
end
